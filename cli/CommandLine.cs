using System.CommandLine;

namespace Madtp.Kit.Cli;

/// <summary>Runs a parsed command so that a user sees one clear line instead of a stack trace.</summary>
internal static class CommandLine
{
    /// <summary>Invokes the verb; input that cannot be used ends in exit code 2 with the reason on standard error.</summary>
    public static async Task<int> InvokeAsync(RootCommand root, string[] args)
    {
        try
        {
            var result = root.Parse(args);
            return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException or FormatException)
        {
            await Console.Error.WriteLineAsync($"kit: {e.Message}");
            return 2;
        }
    }
}
