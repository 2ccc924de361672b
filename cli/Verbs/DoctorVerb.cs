using System.Text.Json.Nodes;
using Madtp.Kit.Runtime;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit doctor</c>, the part that only the library knows: its packages, and the libtorch that computes.</summary>
internal static class DoctorVerb
{
    private static readonly string[] Named =
        ["TorchSharp", "SkiaSharp", "Microsoft.ML.Tokenizers", "Microsoft.Data.Analysis", "Plotly.NET", "Plotly.NET.ImageExport"];

    public static Command Create()
    {
        var verb = new Verb("doctor", "What is installed and used, and what is missing.", "./kit doctor") { Hidden = true };
        verb.SetAction(_ =>
        {
            foreach (var package in Packages())
                Show("package", package);

            if (NativeLibraries.Failure is { } failure)
            {
                Console.WriteLine($"! {"libtorch",-11}  {failure}");
                return 1;
            }

            Show("libtorch", $"{NativeLibraries.Version} ({LoadedFile()})");
            Show("device", ComputeDevice.Describe(ComputeDevice.Of(ComputeDevice.Auto)));
            return 0;
        });
        return verb;
    }

    private static void Show(string what, string text) => Console.WriteLine($"  {what,-11}  {text}");

    // Names and versions out of the program's own list of dependencies.
    private static IEnumerable<string> Packages()
    {
        var list = Path.Combine(AppContext.BaseDirectory, typeof(DoctorVerb).Assembly.GetName().Name + ".deps.json");
        var versions = JsonNode.Parse(File.ReadAllText(list))!["libraries"]!.AsObject()
            .Select(library => library.Key.Split('/')).ToDictionary(parts => parts[0], parts => parts[1]);
        return Named.Where(versions.ContainsKey).Select(name => $"{name} {versions[name]}");
    }

    // The file that was really loaded: several may lie on a machine.
    private static string LoadedFile() => !OperatingSystem.IsLinux()
        ? "loaded"
        : File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..])
            .FirstOrDefault(file => file.EndsWith("libtorch_cpu.so", StringComparison.Ordinal)) ?? "not loaded";
}
