using System.Diagnostics;

namespace Madtp.Kit.Tests;

/// <summary>Programs that tests start and wait for.</summary>
internal static class OtherProgram
{
    /// <summary>Runs a program with arguments to its end.</summary>
    public static (int Code, string Output, string Errors) Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
