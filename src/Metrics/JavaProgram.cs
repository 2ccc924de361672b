using System.ComponentModel;
using System.Diagnostics;

namespace Madtp.Kit.Metrics;

/// <summary>Starts a program of COCO's caption evaluation that is distributed as a Java archive. KIT_JAVA names another <c>java</c>.</summary>
internal static class JavaProgram
{
    /// <summary>The running program; it works in the folder of its archive, where its data lie.</summary>
    /// <exception cref="FileNotFoundException">There is no such archive.</exception>
    /// <exception cref="InvalidDataException">There is no Java to run it.</exception>
    public static Process Start(string name, string jar, string memory, IEnumerable<string> arguments)
    {
        if (!File.Exists(jar))
        {
            throw new FileNotFoundException($"{name}'s program is not at '{jar}'", jar);
        }

        var java = Environment.GetEnvironmentVariable("KIT_JAVA") ?? "java";
        var start = new ProcessStartInfo(java, ["-jar", $"-Xmx{memory}", Path.GetFullPath(jar), .. arguments])
        {
            WorkingDirectory = Path.GetDirectoryName(Path.GetFullPath(jar))!,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidDataException($"{name} needs Java, and '{java}' could not be started ({e.Message}); KIT_JAVA names another", e);
        }
    }

    /// <summary>What to say when the program does not answer as it should: with the end of what it complained of.</summary>
    public static InvalidDataException Failed(string name, Task<string> errors)
    {
        var lines = errors.Wait(TimeSpan.FromSeconds(5)) ? errors.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
        var reason = lines.Length > 0 ? string.Join("; ", lines.TakeLast(3)) : "it gave no reason";
        return new InvalidDataException($"{name}'s program failed: {reason}");
    }
}
