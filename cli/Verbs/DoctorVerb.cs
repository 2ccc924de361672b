using System.Text.Json;
using Madtp.Kit.Runtime;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit doctor</c>, the part that only the library knows: its packages, and the libtorch that computes.</summary>
internal static class DoctorVerb
{
    private static readonly string[] Named =
        ["TorchSharp", "SkiaSharp", "Microsoft.ML.Tokenizers", "Microsoft.Data.Analysis", "Plotly.NET", "Plotly.NET.ImageExport"];

    public static Command Create()
    {
        var command = new Verb("doctor", "What is installed and used, and what is missing.", "./kit doctor") { Hidden = true };
        command.SetAction(_ =>
        {
            foreach (var (name, version) in Packages().Where(package => Named.Contains(package.Name)))
            {
                Show("package", $"{name} {version}");
            }

            if (NativeLibraries.Failure is { } failure)
            {
                Console.WriteLine($"! {"libtorch",-11}  {failure}");
                return 1;
            }

            Show("libtorch", $"{NativeLibraries.Version} ({LoadedFile()})");
            Show("device", ComputeDevice.Describe(ComputeDevice.Of(ComputeDevice.Auto)));
            return 0;
        });
        return command;
    }

    private static void Show(string what, string text) => Console.WriteLine($"  {what,-11}  {text}");

    /// <summary>Names and versions out of the program's own list of dependencies.</summary>
    private static IEnumerable<(string Name, string Version)> Packages()
    {
        var list = Path.Combine(AppContext.BaseDirectory, typeof(DoctorVerb).Assembly.GetName().Name + ".deps.json");
        using var json = JsonDocument.Parse(File.ReadAllText(list));
        var packages = json.RootElement.GetProperty("libraries").EnumerateObject()
            .Select(library => library.Name.Split('/'))
            .Select(parts => (Name: parts[0], Version: parts[1]));
        return [.. packages.OrderBy(package => Array.IndexOf(Named, package.Name))];
    }

    /// <summary>The file that was really loaded: several may lie on a machine.</summary>
    private static string LoadedFile() => !OperatingSystem.IsLinux()
        ? "loaded"
        : File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..])
            .FirstOrDefault(file => file.EndsWith("libtorch_cpu.so", StringComparison.Ordinal)) ?? "not loaded";
}
