using System.Diagnostics;
using Xunit;

namespace Madtp.Kit.Tests.Runtime;

/// <summary>Runs an explicit test in a process of its own, where it may crash or hang without taking the others along.</summary>
internal static class ChildTest
{
    /// <summary>Fails with what the process wrote unless the test passes in time.</summary>
    public static void Passes(
        Type type, string method, TimeSpan limit, Dictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(
            "dotnet", [typeof(ChildTest).Assembly.Location, "-noLogo", "-noColor", "-explicit", "only", "-method", $"{type.FullName}.{method}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;

        using var child = Process.Start(start)!;
        var (output, errors) = (child.StandardOutput.ReadToEndAsync(), child.StandardError.ReadToEndAsync());
        var ended = child.WaitForExit(limit);
        if (!ended)
            child.Kill(entireProcessTree: true);

        var written = $"{output.Result}\n{errors.Result}";
        Assert.True(ended, $"still running after {limit.TotalSeconds} s\n{written}");
        Assert.True(child.ExitCode == 0, $"exit {child.ExitCode}\n{written}");
        Assert.Contains("Total: 1,", written, StringComparison.Ordinal);
    }
}
