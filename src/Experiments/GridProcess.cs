using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Madtp.Kit.Experiments;

/// <summary>One experiment in a process of its own; disposing ends the process.</summary>
internal sealed class GridProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder said = new();

    private GridProcess(Process process, int index)
    {
        (this.process, Index) = (process, index);
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The experiment's place in its list.</summary>
    public int Index { get; }

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>Starts the experiment at a place of a list.</summary>
    /// <exception cref="FileNotFoundException">The command line program is not built.</exception>
    public static GridProcess Start(string list, int index, GridSettings settings)
    {
        var program = KitFolder.File("artifacts", "bin", "Cli", "release", "Madtp.Kit.Cli.dll");
        if (!File.Exists(program))
        {
            throw new FileNotFoundException($"experiments in parallel need the built command line program '{program}': run './kit setup' first, or set GridSettings.Jobs to 0", program);
        }

        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        string[] arguments = [program, "sweep", list, "--index", index.ToString(CultureInfo.InvariantCulture), "--cache", settings.Cache.Folder, "--runs", settings.Runs];
        Array.ForEach(arguments, start.ArgumentList.Add);
        // Small tensors gain little from threads: one experiment on each core is faster than two cores on each experiment.
        start.Environment["OMP_NUM_THREADS"] = Math.Max(1, Environment.ProcessorCount / settings.Jobs).ToString(CultureInfo.InvariantCulture);
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        return new GridProcess(Process.Start(start)!, index);
    }

    /// <summary>Throws what the process said where it failed.</summary>
    public void RequireSuccess(Experiment experiment)
    {
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"the experiment '{experiment}' failed (exit code {process.ExitCode}): {said.ToString().Trim()}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
    }

    private void Note(string? line)
    {
        if (line is not null)
        {
            lock (said)
            {
                said.AppendLine(line);
            }
        }
    }
}
