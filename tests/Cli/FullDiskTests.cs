using System.Diagnostics;
using Madtp.Kit.Cli;
using Madtp.Kit.Kernel.Execution;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

/// <summary>Verbs that can write no more: files may grow to so many KiB only, as on a disk that is full.</summary>
[Collection(nameof(FullDiskTests))]
public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(2, ".png", "data make-toy --pairs 48 --images 60 --out toy")]
    [InlineData(64, "run/checkpoint", "train toy-caption --images 60 --examples 64 --epochs 1 --out run", "--resume")]
    [InlineData(1, "run/answers.jsonl", "evaluate toy-nlvr2 --pairs 480 --limit 40 --out run", "--resume")]
    public void It_says_which_file_has_no_room_leaves_no_half_and_goes_on(
        int kibibytes, string file, string command, string onward = "")
    {
        var arguments = command.Split(' ');
        var (code, errors) = Run($"{kibibytes}", arguments);
        Assert.True(code == 2, $"{code}: {errors}");
        var last = errors.TrimEnd().Split('\n')[^1];
        Assert.Contains("too large", last, StringComparison.Ordinal);
        Assert.Contains(file, last, StringComparison.Ordinal);
        Assert.DoesNotContain(".part", last, StringComparison.Ordinal);
        var left = Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories);
        Assert.DoesNotContain(left, path => path.EndsWith(".part", StringComparison.Ordinal));
        Assert.DoesNotContain(left, path => new FileInfo(path).Length == 0 && !path.EndsWith("lock", StringComparison.Ordinal));
        (code, errors) = Run("unlimited", [.. arguments, .. onward.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.True(code == 0, $"{code}: {errors}");
    }

    private (int Code, string Errors) Run(string limit, string[] arguments)
    {
        const string script = """trap '' XFSZ; ulimit -f "$0"; exec "$@" """;
        string[] command = [DotnetHost.Path, typeof(CommandLine).Assembly.Location, .. arguments];
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", script, limit, .. command])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder.Path,
            // .NET itself writes what it compiles through a large file otherwise.
            Environment = { ["DOTNET_EnableWriteXorExecute"] = "0" },
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors.Result);
    }
}
