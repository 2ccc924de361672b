using System.Text.Json;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>A folder of reference tensors: <c>manifest.json</c>, <c>data.safetensors</c> and <c>checkpoint.pth</c>.</summary>
public sealed class GoldenFixture : IDisposable
{
    private const string ManifestName = "manifest.json";
    private readonly Dictionary<string, Tensor> data;
    private readonly JsonDocument manifest;

    private GoldenFixture(
        string folder, JsonDocument manifest, Dictionary<string, Tensor> data, Dictionary<string, Tensor> weights)
    {
        Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        (this.manifest, this.data, Weights) = (manifest, data, weights);
        Tensor[] all = [.. data.Values, .. weights.Values];
        Manifest = new ManifestValue(
            Path.Combine(folder, ManifestName), "", all.SelectMany(tensor => tensor.shape).Append(all.Length).Max(),
            manifest.RootElement);
    }

    /// <summary>Name of the folder.</summary>
    public string Name { get; }

    /// <summary>Kind of fixture, such as <c>vit_tiny</c>.</summary>
    public string Kind => Manifest["fixture"].Text;

    /// <summary>The whole manifest.</summary>
    public ManifestValue Manifest { get; }

    /// <summary>Sizes of the module under test.</summary>
    public ManifestValue Config => Manifest["config"];

    /// <summary>State dictionary of the module under test.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights { get; }

    /// <summary>Names of all recorded tensors.</summary>
    public IReadOnlyCollection<string> Names => data.Keys;

    /// <summary>Opens a folder.</summary>
    /// <exception cref="InvalidDataException">A file is missing or cannot be read as a fixture; the message says which and
    /// why.</exception>
    public static GoldenFixture Open(string folder, Device? device = null)
    {
        var manifestPath = Required(folder, ManifestName);
        JsonDocument manifest;
        try
        {
            manifest = JsonDocument.Parse(File.ReadAllBytes(manifestPath));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{manifestPath}: not JSON: {e.Message}", e);
        }

        return manifest.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("fixture", out var kind) && kind.ValueKind == JsonValueKind.String
            ? new GoldenFixture(
                folder, manifest, ReadAll(Required(folder, "data.safetensors"), device),
                ReadAll(Required(folder, "checkpoint.pth"), device, "model."))
            : throw new InvalidDataException($"{manifestPath}: no \"fixture\" naming the kind");
    }

    /// <summary>A recorded tensor.</summary>
    /// <exception cref="InvalidDataException">The fixture has no such tensor.</exception>
    public Tensor this[string name] => data.TryGetValue(name, out var tensor)
        ? tensor
        : throw new InvalidDataException($"fixture '{Name}': data.safetensors has no tensor '{name}'");

    /// <summary>Whether a tensor was recorded.</summary>
    public bool Has(string name) => data.ContainsKey(name);

    /// <summary>A size of the configuration.</summary>
    public int Size(string name) => Config[name].Size;

    /// <summary>Copies the weights below a prefix into a module, every name accounted for.</summary>
    /// <param name="module">The module.</param>
    /// <param name="prefix">What stands before its names in the checkpoint.</param>
    /// <param name="withTokens">Whether the module has the learnable tokens too, where the checkpoint holds them.</param>
    /// <exception cref="InvalidDataException">A name is missing, unexpected or of another shape.</exception>
    public void LoadInto(nn.Module module, string prefix = "", bool withTokens = true)
    {
        using var off = no_grad();
        var wanted = module.state_dict();
        var given = Weights.Where(weight => weight.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(weight => weight.Key[prefix.Length..], weight => weight.Value);
        string[] wrong =
        [
            .. wanted.Keys.Except(given.Keys).Select(name => $"missing '{prefix}{name}'"),
            .. given.Keys.Except(wanted.Keys).Where(name => withTokens || name != "space_dict")
                .Select(name => $"unexpected '{prefix}{name}'"),
            .. wanted.Where(each => given.TryGetValue(each.Key, out var found) && !found.shape.SequenceEqual(each.Value.shape))
                .Select(each =>
                $"'{prefix}{each.Key}' has shape [{string.Join(", ", given[each.Key].shape)}], the model needs "
                    + $"[{string.Join(", ", each.Value.shape)}]"),
        ];
        if (wrong.Length > 0)
            throw new InvalidDataException($"fixture '{Name}': checkpoint.pth does not fit: {string.Join("; ", wrong)}");

        foreach (var (name, tensor) in wanted)
            tensor.copy_(given[name]);
    }

    /// <summary>The sizes of a vision transformer, from a part of the configuration.</summary>
    internal VisionTransformerConfig Vision(ManifestValue vit, string imageSize = "image_size") => new()
    {
        ImageSize = Size(imageSize),
        PatchSize = Size("patch_size"),
        Width = vit["embed_dim"].Size,
        Depth = vit["depth"].Size,
        Heads = vit["num_heads"].Size,
        MlpRatio = vit["mlp_ratio"].Number,
    };

    /// <summary>The sizes of a BERT, from the part <c>bert</c>.</summary>
    internal BertConfig Bert()
    {
        int Of(string name) => Config["bert"][name].Size;
        return new BertConfig
        {
            VocabularySize = Of("vocab_size"),
            Width = Of("hidden_size"),
            Layers = Of("num_hidden_layers"),
            Heads = Of("num_attention_heads"),
            FeedForwardWidth = Of("intermediate_size"),
            MaxPositions = Of("max_position_embeddings"),
            LayerNormEpsilon = Config["bert"]["layer_norm_eps"].Number,
            EncoderWidth = Of("encoder_width"),
        };
    }

    /// <summary>The sizes of a BLIP.</summary>
    internal BlipConfig Blip() => new()
    {
        Vision = Vision(Config["vit"]),
        Text = Bert(),
        Alignment = new AlignmentConfig(Size("sd_num"), Size("sd_dim")),
    };

    /// <summary>The sizes of a CLIP, trained as the released code does it.</summary>
    internal ClipConfig Clip() => new ClipConfig
    {
        Vision = new VisionTransformerConfig
        {
            ImageSize = Size("image_resolution"),
            PatchSize = Size("vision_patch_size"),
            Width = Size("vision_width"),
            Depth = Size("vision_layers"),
            Heads = Size("vision_heads"),
        },
        Text = new ClipTextConfig
        {
            ContextLength = Size("context_length"),
            VocabularySize = Size("vocab_size"),
            Width = Size("transformer_width"),
            Layers = Size("transformer_layers"),
            Heads = Size("transformer_heads"),
        },
        EmbedWidth = Size("embed_dim"),
        Alignment = new AlignmentConfig(Size("sd_num"), Size("sd_dim"), AlignmentMapping.PerLayer),
        Contrastive = new ContrastiveConfig { QueueSize = Size("queue_size") },
    }.AsReleased();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in data.Values.Concat(Weights.Values))
            tensor.Dispose();

        manifest.Dispose();
    }

    private static string Required(string folder, string file) => Path.Combine(folder, file) is var path && File.Exists(path)
        ? path
        : throw new InvalidDataException(
            $"{folder}: no {file}; a fixture folder holds manifest.json, data.safetensors and checkpoint.pth");

    private static Dictionary<string, Tensor> ReadAll(string path, Device? device, string prefix = "")
    {
        using var file = CheckpointFile.Open(path);
        return file.Tensors.Where(entry => entry.Name.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(entry => entry.Name[prefix.Length..],
                entry => entry.ToTensor().to(device ?? CPU).DetachFromDisposeScope());
    }
}
