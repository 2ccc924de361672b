using System.Diagnostics;
using System.Text.Json;
using Madtp.Kit.Cli;
using Madtp.Kit.Kernel.Execution;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

/// <summary>A verb run as a user runs it: in a process of its own.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Errors">What it wrote to standard error.</param>
internal sealed record KitProcess(int Code, string Output, string Errors)
{
    /// <summary>Its standard output, which must be JSON alone, of a verb that succeeded.</summary>
    public JsonElement Json
    {
        get
        {
            Assert.True(Code == 0, Errors);
            return JsonSerializer.Deserialize<JsonElement>(Output);
        }
    }

    /// <summary>Runs the library's verb of a command line.</summary>
    public static KitProcess Run(params string[] arguments) => Run(null, arguments);

    /// <summary>Runs a verb with something on its standard input.</summary>
    public static KitProcess Run(string? input, string[] arguments)
    {
        using var process = Start(arguments, redirectInput: true);
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new KitProcess(process.ExitCode, output, errors.Result);
    }

    /// <summary>
    /// A verb run in this process, where nothing but what it says matters: for tests of the <see cref="AloneCollection"/>.
    /// </summary>
    public static async Task<KitProcess> Here(params string[] arguments)
    {
        var (outBefore, errorBefore) = (Console.Out, Console.Error);
        var (output, errors) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        Console.SetOut(output);
        Console.SetError(errors);
        try
        {
            return new KitProcess(await CommandLine.Main(arguments), $"{output}", $"{errors}");
        }
        finally
        {
            Console.SetOut(outBefore);
            Console.SetError(errorBefore);
        }
    }

    /// <summary>Sends a process a signal, such as INT.</summary>
    public static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Starts a verb; its output is the caller's to read.</summary>
    public static Process Start(IEnumerable<string> arguments, bool redirectInput = false, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(DotnetHost.Path, [typeof(CommandLine).Assembly.Location, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = redirectInput,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        return Process.Start(start)!;
    }
}
