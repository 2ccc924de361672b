using System.Text.Json;
using Madtp.Kit.Checkpoints;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>A folder of reference tensors: <c>manifest.json</c>, <c>data.safetensors</c> and <c>checkpoint.pth</c>.</summary>
public sealed class GoldenFixture : IDisposable
{
    private readonly Dictionary<string, Tensor> data;
    private readonly JsonDocument manifest;

    private GoldenFixture(string folder, JsonDocument manifest, Dictionary<string, Tensor> data, IReadOnlyDictionary<string, Tensor> weights)
    {
        Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        this.manifest = manifest;
        this.data = data;
        Weights = weights;
    }

    /// <summary>Name of the folder.</summary>
    public string Name { get; }

    /// <summary>Kind of fixture, such as <c>vit_tiny</c>.</summary>
    public string Kind => manifest.RootElement.GetProperty("fixture").GetString()!;

    /// <summary>The whole manifest.</summary>
    public JsonElement Manifest => manifest.RootElement;

    /// <summary>Sizes of the module under test.</summary>
    public JsonElement Config => manifest.RootElement.GetProperty("config");

    /// <summary>State dict of the module under test.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights { get; }

    /// <summary>Names of all recorded tensors.</summary>
    public IReadOnlyCollection<string> Names => data.Keys;

    /// <summary>
    /// Opens a folder.
    /// </summary>
    /// <exception cref="InvalidDataException">A file is missing or cannot be read as a fixture; the message says which and why.</exception>
    public static GoldenFixture Open(string folder, Device? device = null)
    {
        var manifestPath = Required(folder, "manifest.json");
        JsonDocument manifest;
        try
        {
            manifest = JsonDocument.Parse(File.ReadAllBytes(manifestPath));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{manifestPath}: not JSON: {e.Message}", e);
        }

        if (!manifest.RootElement.TryGetProperty("fixture", out var kind) || kind.ValueKind != JsonValueKind.String)
        {
            throw new InvalidDataException($"{manifestPath}: no \"fixture\" naming the kind");
        }

        return new GoldenFixture(folder, manifest, ReadAll(Required(folder, "data.safetensors"), device), ReadAll(Required(folder, "checkpoint.pth"), device, "model."));
    }

    /// <summary>A recorded tensor.</summary>
    /// <exception cref="InvalidDataException">The fixture has no such tensor.</exception>
    public Tensor this[string name] => data.TryGetValue(name, out var tensor)
        ? tensor
        : throw new InvalidDataException($"fixture '{Name}': data.safetensors has no tensor '{name}'");

    /// <summary>Whether a tensor was recorded.</summary>
    public bool Has(string name) => data.ContainsKey(name);

    /// <summary>An integer of the configuration.</summary>
    public int Size(string name) => Config.GetProperty(name).GetInt32();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in data.Values.Concat(Weights.Values))
        {
            tensor.Dispose();
        }

        manifest.Dispose();
    }

    private static string Required(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        return File.Exists(path) ? path : throw new InvalidDataException($"{folder}: no {file}; a fixture folder holds manifest.json, data.safetensors and checkpoint.pth");
    }

    private static Dictionary<string, Tensor> ReadAll(string path, Device? device, string prefix = "")
    {
        using var file = CheckpointFile.Open(path);
        return file.Tensors
            .Where(entry => entry.Name.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(entry => entry.Name[prefix.Length..], entry => entry.ToTensor().to(device ?? CPU).DetachFromDisposeScope());
    }
}
