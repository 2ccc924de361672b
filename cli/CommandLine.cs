using System.CommandLine;
using System.Runtime.InteropServices;
using Madtp.Kit.Runtime;

namespace Madtp.Kit.Cli;

/// <summary>Runs a parsed command so that a user sees one clear line instead of a stack trace.</summary>
internal static class CommandLine
{
    private const int Failed = 1;
    private const int UnusableInput = 2;

    /// <summary>Invokes the verb; input that cannot be used ends in exit code 2 with the reason on standard error.</summary>
    public static async Task<int> InvokeAsync(Command root, string[] args)
    {
        var result = root.Parse(args);
        if (result.Errors.Count > 0)
        {
            foreach (var error in result.Errors)
            {
                await Console.Error.WriteLineAsync($"kit: {error.Message}");
            }

            await Console.Error.WriteLineAsync($"kit: `./kit {VerbOf(result, root)}--help` shows what there is");
            return UnusableInput;
        }

        try
        {
            using var interruption = new Interruption();
            return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interruption.Token);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException or FormatException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync($"kit: {e.Message}");
            return UnusableInput;
        }
        catch (ExternalException e)
        {
            await Console.Error.WriteLineAsync($"kit: libtorch: {NativeError.Text(e)}");
            return Failed;
        }
        catch (TypeInitializationException) when (NativeLibraries.Failure is not null)
        {
            await Console.Error.WriteLineAsync($"kit: {NativeLibraries.Failure}");
            return UnusableInput;
        }
    }

    private static string VerbOf(ParseResult result, Command root) =>
        result.CommandResult.Command == root ? "" : result.CommandResult.Command.Name + " ";
}
