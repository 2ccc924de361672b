using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Execution;

namespace Madtp.Kit.Kernel.Install;

/// <summary>Tells Jupyter of this kernel: kernels/.net-csharp/kernel.json in one of Jupyter's data folders.</summary>
internal static class KernelSpec
{
    /// <summary>The name notebooks ask for, the same as .NET Interactive's.</summary>
    public const string Name = ".net-csharp";

    /// <summary>Jupyter's data folder of this user.</summary>
    public static string UserFolder
    {
        get
        {
            if (Environment.GetEnvironmentVariable("JUPYTER_DATA_DIR") is { Length: > 0 } chosen)
                return chosen;

            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return OperatingSystem.IsWindows()
                ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "jupyter")
                : OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Jupyter")
                : Path.Combine(Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data ? data
                    : Path.Combine(home, ".local", "share"), "jupyter");
        }
    }

    /// <summary>Jupyter's data folder below a prefix such as /usr/local or a conda environment.</summary>
    public static string PrefixFolder(string prefix) => Path.Combine(Path.GetFullPath(prefix), "share", "jupyter");

    /// <summary>Writes the kernelspec.</summary>
    /// <param name="dataFolder">One of Jupyter's data folders.</param>
    /// <param name="environment">Variables the kernel is started with, besides Jupyter's own.</param>
    /// <returns>The folder it is in, and what was there before under the same name: another program's command, or null.</returns>
    public static (string Folder, string? Replaced) Write(
        string dataFolder, IReadOnlyDictionary<string, string>? environment = null)
    {
        var folder = Path.Combine(dataFolder, "kernels", Name);
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "kernel.json");
        var replaced = CommandIn(file);
        var temporary = file + ".new";
        File.WriteAllText(temporary, Spec(environment ?? new Dictionary<string, string>()).ToJsonString(Readable) + "\n");
        File.Move(temporary, file, overwrite: true);
        return (folder, replaced is null || replaced.Contains(KernelInfo.Name, StringComparison.Ordinal) ? null : replaced);
    }

    private static JsonSerializerOptions Readable { get; } =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static JsonObject Spec(IReadOnlyDictionary<string, string> environment) => new()
    {
        ["argv"] = new JsonArray([.. DotnetHost.Starting(KernelInfo.Name), "{connection_file}"]),
        ["display_name"] = ".NET (C#)",
        ["language"] = "C#",
        ["interrupt_mode"] = "message",
        ["env"] = new JsonObject(
            [new("DOTNET_NOLOGO", "1"), .. environment.Select(each => KeyValuePair.Create(each.Key, (JsonNode?)each.Value))]),
        ["metadata"] = new JsonObject { ["debugger"] = false },
    };

    private static string? CommandIn(string file)
    {
        try
        {
            return File.Exists(file) && JsonNode.Parse(File.ReadAllText(file))?["argv"] is JsonArray command
                ? string.Join(' ', command) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
