using System.ComponentModel;
using Madtp.Kit.Data;

namespace Madtp.Kit.Experiments;

/// <summary>A grid as a Slurm job array: one task for each experiment without a result. Results go to the cache that every node
/// sees, so the kit has to lie on a shared file system, built.</summary>
/// <param name="Folder">Where the list, the script and the tasks' outputs go.</param>
public sealed record SlurmArray(string Name, string Folder)
{
    /// <summary>Lines that go into the script's head, such as "--partition=gpu" and "--gres=gpu:1".</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Ranks that train each experiment together.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>Tasks at once; 16 if null.</summary>
    public int? Jobs { get; init; }

    /// <summary>Where unfinished runs are; the kit's if null.</summary>
    public string? Runs { get; init; }

    /// <summary>Where each task computes; as on its node if null.</summary>
    public string? Device { get; init; }

    /// <summary>The list that was written: named by what is in it, since tasks that wait read it when they begin.</summary>
    public string ListPath { get; private set; } = "";

    public string ScriptPath => Path.Combine(Folder, $"{Name}.sbatch");

    /// <summary>Writes list and script for what is missing of a grid.</summary>
    /// <param name="cache">Where results are, and go.</param>
    /// <returns>How many tasks the array has; 0 writes nothing.</returns>
    /// <exception cref="ArgumentException">The name or an option would break out of the script.</exception>
    public int Write(IReadOnlyList<Experiment> experiments, RunCache cache)
    {
        var isNamed = Name.Length > 0 && Name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');
        Guard.Argument(
            isNamed && Options.All(option => option.StartsWith('-') && !option.Contains('\n', StringComparison.Ordinal)),
            $"a Slurm job is named by letters, digits, '-', '_' and '.'; its options are single lines that begin with '-'; "
            + $"got '{Name}' with {string.Join(" ", Options)}");

        var missing = experiments.Where(experiment => cache.Find(experiment) is null).ToArray();
        if (missing.Length > 0)
        {
            Directory.CreateDirectory(Folder);
            var list = JsonSerializer.Serialize(missing, ExperimentJson.Page);
            ListPath = Path.Combine(Folder, $"{Name}-{FileDigest.Short(SHA256.HashData(Encoding.UTF8.GetBytes(list)))}.json");
            AtomicFile.Write(ListPath, list);
            AtomicFile.Write(ScriptPath, Script(missing.Length, cache.Folder));
        }

        return missing.Length;
    }

    /// <summary>Hands the script to <c>sbatch</c>.</summary>
    /// <returns>What it said: the job's number.</returns>
    /// <exception cref="InvalidOperationException">There is no <c>sbatch</c>, or it refused.</exception>
    public string Submit()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("sbatch", [ScriptPath])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            var error = process.StandardError.ReadToEndAsync();
            var said = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0
                ? said
                : throw new InvalidOperationException($"sbatch refused '{ScriptPath}': {error.Result.Trim()}");
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException(
                $"there is no sbatch on this machine: submit '{ScriptPath}' where Slurm is (sbatch '{ScriptPath}')", e);
        }
    }

    // A task that was stopped goes on from its checkpoint when it is queued again.
    private string Script(int tasks, string cache) => string.Join('\n', (string[])
    [
        "#!/usr/bin/env bash",
        $"#SBATCH --job-name={Name}",
        $"#SBATCH --array=0-{tasks - 1}%{Jobs ?? 16}",
        $"#SBATCH --output={Quoted($"{Folder}/{Name}-%a.out")}",
        "#SBATCH --requeue",
        .. Ranks > 1 ? [$"#SBATCH --ntasks={Ranks}"] : Array.Empty<string>(),
        .. Options.Select(option => $"#SBATCH {option}"),
        "set -euo pipefail",
        "export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}",
        $"exec {(Ranks > 1 ? "srun --mpi=pmi2 " : "")}{Quoted(KitFolder.File("kit"))} sweep {Quoted(ListPath)} \\",
        "    --index \"$SLURM_ARRAY_TASK_ID\" \\",
        $"    --cache {Quoted(Path.GetFullPath(cache))}{Given("--runs", Runs is null ? null : Path.GetFullPath(Runs))}"
            + Given("--device", Device),
        "",
    ]);

    private static string Given(string option, string? value) => value is null ? "" : $" {option} {Quoted(value)}";

    private static string Quoted(string path) => $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
