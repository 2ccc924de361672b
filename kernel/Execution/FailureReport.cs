using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>Turns what went wrong in a cell into a few lines that name the cell's own lines.</summary>
/// <param name="sources">The text of the cells run so far, by name.</param>
internal sealed partial class FailureReport(CellTexts sources)
{
    private const int MostFrames = 20, MostErrors = 20;
    private const string Red = "\u001b[31m", Dim = "\u001b[2m", Plain = "\u001b[0m";

    /// <summary>The report on a cell whose code an interrupt ended.</summary>
    public static CellFailure Interrupted { get; } = Interruption("the cell was interrupted");

    /// <summary>The report on a cell that was interrupted in an await.</summary>
    public static CellFailure InterruptedAwaiting { get; } =
        Interruption(
            "the cell was interrupted; what it was awaiting goes on by itself, and ends when it next prints or displays");

    /// <summary>The report on a cell that was left behind.</summary>
    public static CellFailure NotStopped { get; } =
        Interruption(
            "the cell was interrupted, but its code does not stop: it goes on unheard. Later cells work; restart the kernel to "
                + "be rid of it");

    public CellFailure Of(Exception exception) => Unwrap(exception) switch
    {
        CompilationFailedException compilation => OfCompilation(compilation.Errors),
        CellException directive => OfDirective(directive),
        NativeFiles.TooOldException tooOld => OfSystem(tooOld),
        AwaitInterruptedException => InterruptedAwaiting,
        var thrown => OfThrown(thrown),
    };

    /// <summary>The exception that matters: the one inside wrappers that say nothing themselves.</summary>
    public static Exception Unwrap(Exception exception) => exception switch
    {
        TargetInvocationException { InnerException: { } inner } => Unwrap(inner),
        AggregateException { InnerExceptions: [var only] } => Unwrap(only),
        FileLoadException { InnerException: NativeFiles.TooOldException inner } => inner,
        _ => exception,
    };

    private static string Shorten(string text) => SubmissionName().Replace(text, "");

    private static CellFailure Interruption(string message) =>
        new("KeyboardInterrupt", message, [$"{Red}KeyboardInterrupt{Plain}: {message}"]);

    private CellFailure OfCompilation(IReadOnlyList<Diagnostic> errors)
    {
        var trace = new List<string>();
        foreach (var error in errors.Take(MostErrors))
        {
            var span = error.Location.GetMappedLineSpan();
            var (line, column) = (span.StartLinePosition.Line + 1, span.StartLinePosition.Character + 1);
            trace.Add(
                $"{span.Path}, line {line}, column {column}: {Red}error {error.Id}{Plain}: "
                    + $"{Shorten(error.GetMessage(CultureInfo.InvariantCulture))}");
            if (sources.Line(span.Path, line) is { } source)
            {
                var width = span.EndLinePosition.Line == span.StartLinePosition.Line
                    ? Math.Max(1, span.EndLinePosition.Character - span.StartLinePosition.Character) : 1;
                var gutter = $"{line,5} | ";
                trace.Add($"{Dim}{gutter}{Plain}{source.Replace('\t', ' ')}");
                trace.Add(new string(' ', gutter.Length + column - 1) + Red + new string('^', width) + Plain);
            }
        }

        if (errors.Count > MostErrors)
            trace.Add($"… {errors.Count - MostErrors} more errors");

        var first = errors[0];
        var at = first.Location.GetMappedLineSpan().StartLinePosition;
        return new CellFailure(
            "CompilationError",
            $"({at.Line + 1},{at.Character + 1}): error {first.Id}: {Shorten(first.GetMessage(CultureInfo.InvariantCulture))}",
            trace);
    }

    private CellFailure OfDirective(CellException error)
    {
        var trace = new List<string> { $"{error.Path}, line {error.Line}: {Red}error{Plain}: {error.Message}" };
        if (sources.Line(error.Path, error.Line) is { } source)
            trace.Add($"{Dim}{error.Line,5} | {Plain}{source}");

        return new CellFailure("DirectiveError", error.Message, trace);
    }

    private static CellFailure OfSystem(DllNotFoundException error) =>
        new(typeof(DllNotFoundException).FullName!, error.Message, [$"{Red}error{Plain}: {error.Message}"]);

    private CellFailure OfThrown(Exception thrown)
    {
        var trace = new List<string>();
        Tell(thrown, "", trace);
        return new CellFailure(NameOf(thrown), Shorten(thrown.Message), trace);
    }

    private void Tell(Exception thrown, string lead, List<string> trace)
    {
        trace.Add($"{lead}{Red}{NameOf(thrown)}{Plain}: {Shorten(thrown.Message)}");
        trace.AddRange(Frames(thrown));
        IReadOnlyList<Exception> causes = thrown is AggregateException all ? all.InnerExceptions
            : thrown.InnerException is { } one ? [one] : [];
        foreach (var cause in causes.Take(MostErrors))
            Tell(cause, "caused by ", trace);

        if (causes.Count > MostErrors)
            trace.Add($"… {causes.Count - MostErrors} more exceptions");
    }

    private static string NameOf(Exception exception) =>
        Shorten(exception.GetType().FullName ?? exception.GetType().Name).Replace('+', '.');

    private IEnumerable<string> Frames(Exception exception)
    {
        var shown = 0;
        foreach (var frame in new StackTrace(exception, fNeedFileInfo: true).GetFrames())
        {
            if (frame.GetMethod() is not { } method || IsPlumbing(method))
                continue;

            if (++shown > MostFrames)
            {
                yield return $"{Dim}   …{Plain}";
                yield break;
            }

            var (file, line) = (frame.GetFileName(), frame.GetFileLineNumber());
            if (IsCell(method) && file is not null)
            {
                var name = MethodName(method);
                yield return $"   at {file}, line {line}{(name.Length > 0 ? $", in {name}" : "")}";
                if (sources.Line(file, line) is { } source)
                    yield return $"{Dim}{line,9} | {Plain}{source.Trim()}";
            }
            else
            {
                yield return $"{Dim}   at "
                    + TypeName(method) + MethodName(method)
                    + (file is null ? "" : $" in {Path.GetFileName(file)}:{line}") + Plain;
            }
        }
    }

    private static bool IsPlumbing(MethodBase method) =>
        method.IsDefined(typeof(StackTraceHiddenAttribute), inherit: false)
        || method.DeclaringType?.IsDefined(typeof(StackTraceHiddenAttribute), inherit: false) == true
        || method.DeclaringType?.Namespace?.StartsWith("Madtp.Kit.Kernel", StringComparison.Ordinal) == true
        || method.Name == "<Factory>";

    private static bool IsCell(MethodBase method) =>
        method.DeclaringType is { } type && SubmissionName().IsMatch((type.FullName ?? "") + ".");

    private static string TypeName(MethodBase method)
    {
        var type = method.DeclaringType;
        while (type is { IsNested: true } && type.Name.Contains('<', StringComparison.Ordinal))
            type = type.DeclaringType;

        var name = type?.FullName is { } full ? full.Split('[')[0] : type?.Name;
        return name is null ? "" : Shorten(Arity().Replace(name, "").Replace('+', '.') + ".");
    }

    // The compiler's names for what people wrote: the body of async and iterator methods, lambdas, local functions.
    private static string MethodName(MethodBase method)
    {
        var name = method.Name == "MoveNext" && method.DeclaringType is { } machine ? machine.Name : method.Name;
        var written = CompilerName().Match(name);
        if (written.Success)
        {
            name = written.Groups["local"].Success ? written.Groups["local"].Value
                : name.Contains(">b__", StringComparison.Ordinal) ? "a lambda" : written.Groups["owner"].Value;
        }

        return name is "<Initialize>" or "Initialize" ? "" : name == "a lambda" ? name : name + "()";
    }

    [GeneratedRegex("""`\d+""")]
    private static partial Regex Arity();

    [GeneratedRegex("""Submission#\d+[+.]""")]
    private static partial Regex SubmissionName();

    [GeneratedRegex("""^<+(?<owner>\w+)>+(g__(?<local>\w+)\||[a-z]__)""", RegexOptions.ExplicitCapture)]
    private static partial Regex CompilerName();
}
