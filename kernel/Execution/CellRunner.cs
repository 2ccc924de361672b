using Madtp.Kit.Kernel.Formatting;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>Runs cells one after another, each on its own thread, in one session.</summary>
internal sealed class CellRunner
{
    private readonly ScriptSession session = new();
    private readonly PackageRestore packages = new();
    private readonly CellTexts texts = new();
    private readonly Lock gate = new();
    private CellRun? running;
    private string folder = AppContext.BaseDirectory;

    public CellRunner() => Report = new FailureReport(texts);

    public ScriptSession Session => session;

    public FailureReport Report { get; }

    /// <summary>Runs a cell to its end.</summary>
    public CellOutcome Run(CellContext cell, string code)
    {
        texts.Add(cell.Path, code);
        KernelFormats.Register();
        return Guarded(cell, () => Show(RunSteps(cell, CellSource.Split(code, cell.Path, WorkingFolder()))));
    }

    /// <summary>The value of an expression, as a front end may ask for after a cell.</summary>
    public CellOutcome Evaluate(CellContext cell, string expression) =>
        Guarded(cell, () => Show(session.Run(new CellStep.Code(expression, "expression", 1), cell.Token)));

    /// <summary>Ends the cell that runs, if one does.</summary>
    public void Interrupt()
    {
        lock (gate)
            running?.Interrupt();
    }

    // The last one that was there, where a cell or somebody else removed it.
    private string WorkingFolder()
    {
        try
        {
            return folder = Directory.GetCurrentDirectory();
        }
        catch (IOException)
        {
            return folder;
        }
    }

    private CellOutcome Guarded(CellContext cell, Func<CellOutcome> work)
    {
        var run = new CellRun(cell);
        lock (gate)
            running = run;

        try
        {
            return run.Run(() => Attempt(cell, work));
        }
        finally
        {
            lock (gate)
                running = null;
        }
    }

    private CellOutcome Attempt(CellContext cell, Func<CellOutcome> work)
    {
        try
        {
            return work();
        }
        catch (Exception thrown)
        {
            return CellOutcome.Failed(
                IsInterruption(cell, FailureReport.Unwrap(thrown)) ? FailureReport.Interrupted : Report.Of(thrown));
        }
    }

    private static bool IsInterruption(CellContext cell, Exception thrown) =>
        cell.IsInterrupted && (thrown is OperationCanceledException or ThreadInterruptedException
            || thrown is AggregateException all && all.InnerExceptions.All(each => IsInterruption(cell, each)));

    private CellValue RunSteps(CellContext cell, IReadOnlyList<CellStep> steps)
    {
        Warn(session.References.Rebuilt());
        var value = CellValue.None;
        foreach (var step in steps)
        {
            cell.ThrowIfInterrupted();
            switch (step)
            {
                case CellStep.Code code:
                    value = session.Run(code, cell.Token);
                    break;
                case CellStep.PackageSource source:
                    packages.AddSource(source.Target);
                    break;
                case CellStep.Reference reference when PackageRestore.IsPackage(reference.Target):
                    Warn(packages.Add(reference, session.References, cell.Token));
                    break;
                case CellStep.Reference reference:
                    Warn(session.References.Add(reference) is { } warning ? [warning] : []);
                    break;
            }
        }

        return value;
    }

    private static void Warn(IReadOnlyList<string> warnings)
    {
        foreach (var warning in warnings)
            Console.Error.WriteLine(warning);
    }

    // What display() returns is on display already.
    private static CellOutcome Show(CellValue value) =>
        new(value.Exists && value.Value is not DisplayedValue ? MimeBundle.From(value.Value) : null, null);
}
