using System.Text.Json;
using System.Text.Json.Nodes;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>The .deps.json beside a built assembly: where in the machine's package folder its dependencies lie.</summary>
internal static class DependencyManifest
{
    /// <summary>The package files an assembly depends on, that exist on this machine.</summary>
    public static (IReadOnlyList<string> Managed, IReadOnlyList<string> Native) Read(string assemblyPath)
    {
        var file = Path.ChangeExtension(assemblyPath, ".deps.json");
        if (!File.Exists(file))
            return ([], []);

        try
        {
            var json = JsonNode.Parse(File.ReadAllText(file));
            var target = (string?)json?["runtimeTarget"]?["name"];
            return target is not null && json!["targets"]?[target] is JsonObject packages
                && json["libraries"] is JsonObject libraries ? Collect(packages, libraries) : ([], []);
        }
        catch (JsonException)
        {
            return ([], []);
        }
    }

    private static (IReadOnlyList<string> Managed, IReadOnlyList<string> Native) Collect(
        JsonObject packages, JsonObject libraries)
    {
        List<string> managed = [], native = [];
        foreach (var (key, package) in packages)
        {
            if ((string?)libraries[key]?["path"] is not { } folder)
                continue;

            managed.AddRange(Assets(package?["runtime"], folder, _ => true));
            native.AddRange(Assets(package?["native"], folder, _ => true));
            managed.AddRange(Assets(package?["runtimeTargets"], folder, asset => IsForHere(asset, "runtime")));
            native.AddRange(Assets(package?["runtimeTargets"], folder, asset => IsForHere(asset, "native")));
        }

        return (managed, native);
    }

    private static IEnumerable<string> Assets(JsonNode? assets, string folder, Func<JsonNode?, bool> wanted) =>
        assets is not JsonObject each ? [] : each.Where(asset => wanted(asset.Value))
            .Select(asset => Path.Combine(PackageFolder, folder, asset.Key)).Where(File.Exists);

    private static bool IsForHere(JsonNode? asset, string kind) =>
        (string?)asset?["assetType"] == kind && (string?)asset["rid"] == NativeFiles.PortableIdentifier;

    private static string PackageFolder =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } chosen ? chosen
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
}
