using System.Globalization;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Text;
using Madtp.Kit.Models.Vision;
using static TorchSharp.torch;
using Linear = TorchSharp.Modules.Linear;

namespace Madtp.Kit.Models.Toy;

/// <summary>The toy world's BLIP-NLVR2: small enough to train in minutes, competent enough to prune.</summary>
public static class ToyNlvr2
{
    /// <summary>Its sizes: 64² pixels in patches of 8², width 64, four heads, 3 + 3 layers, K = 64, d_k = 64.</summary>
    public static BlipConfig Config { get; } = new()
    {
        Vision = new VisionTransformerConfig { ImageSize = ToyScene.Size, PatchSize = ToyScene.PatchSize, Width = 64, Depth = 3, Heads = 4 },
        Text = new BertConfig
        {
            VocabularySize = ToyTokens.Vocabulary.Count + 2, // BLIP's [DEC] and [ENC] come last
            Width = 64,
            Layers = 3,
            Heads = 4,
            FeedForwardWidth = 256,
            MaxPositions = 32,
            EncoderWidth = 64,
            FirstMergeLayer = 2,
        },
        // θ is the importance of one token at least, the least important of those that the K tokens look at (eq. 9). With K much
        // below the number of patches that lies so high that no temperature keeps half of them.
        Alignment = new AlignmentConfig(Tokens: 64, Width: 64, AlignmentMapping.PerLayer),
    };

    /// <summary>A model with random weights.</summary>
    /// <param name="seed">Equal seeds give equal weights.</param>
    public static BlipNlvr Create(long seed) => Create(Config, seed);

    private static BlipNlvr Create(BlipConfig config, long seed)
    {
        manual_seed(seed);
        var model = new BlipNlvr(config);
        using var off = no_grad();
        foreach (var linear in model.modules().OfType<Linear>())
        {
            // BERT's deviation of 0.02 is made for width 768; at width 64 attention would start out almost uniform.
            nn.init.xavier_uniform_(linear.weight);
            linear.bias?.zero_();
        }

        return model;
    }

    /// <summary>
    /// The trained model that comes with the kit.
    /// </summary>
    /// <param name="macShare">Share of multiply-accumulates it was fine-tuned for (0.5); null for the plain model.</param>
    /// <exception cref="FileNotFoundException">No such weights are there; the message says how to train them.</exception>
    public static ToyNlvr2Model Load(double? macShare = null)
    {
        var path = WeightsPath(macShare);
        if (!File.Exists(path))
        {
            var reduce = macShare is { } share ? FormattableString.Invariant($" --reduce {share}") : string.Empty;
            throw new FileNotFoundException($"there are no weights at '{path}'; './kit train toy-nlvr2{reduce}' trains them", path);
        }

        return Load(path);
    }

    /// <summary>A model trained by <c>./kit train toy-nlvr2</c>, regular or with parameters taken out.</summary>
    /// <exception cref="InvalidDataException">The file's tensors are not those of this model.</exception>
    public static ToyNlvr2Model Load(string path)
    {
        using var file = CheckpointFile.Open(path);
        return new ToyNlvr2Model(CompressedWeights.Load(PrunableFamilies.Nlvr, file, Config), file.Metadata.TryGetValue("temperature", out var temperature) ? double.Parse(temperature, CultureInfo.InvariantCulture) : null)
        {
            Metadata = file.Metadata,
        };
    }

    /// <summary>A model that fine-tuning begins with: trained weights, but alignment guidance new and random.</summary>
    /// <param name="path">The trained weights.</param>
    /// <param name="alignment">Sizes of the alignment guidance.</param>
    /// <param name="seed">Equal seeds give equal alignment guidance.</param>
    /// <exception cref="InvalidDataException">The file's tensors are not those of this model.</exception>
    public static BlipNlvr Begin(string path, AlignmentConfig alignment, long seed)
    {
        var model = Create(Config with { Alignment = alignment }, seed);
        using var file = CheckpointFile.Open(path);
        var trained = model.state_dict().Where(tensor => tensor.Key != "space_dict" && !tensor.Key.Contains(".query_model.", StringComparison.Ordinal)).ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        CheckpointLoader.Load(trained, file).RequireComplete();
        return model;
    }

    /// <summary>Writes a model's weights.</summary>
    /// <param name="path">The file; it appears whole or not at all.</param>
    /// <param name="model">The model.</param>
    /// <param name="temperature">T it was fine-tuned at; null for a plain model.</param>
    /// <param name="notes">What else to write beside the weights: command, seed, scores.</param>
    public static void Save(string path, BlipNlvr model, double? temperature, IReadOnlyDictionary<string, string> notes)
    {
        ArgumentNullException.ThrowIfNull(model);
        var metadata = new Dictionary<string, string>(notes);
        if (temperature is { } value)
        {
            metadata["temperature"] = value.ToString("R", CultureInfo.InvariantCulture);
        }

        SafetensorsWriter.Write(path, model.state_dict(), metadata);
    }

    /// <summary>Where the weights that come with the kit are.</summary>
    public static string WeightsPath(double? macShare = null) => KitFolder.File("data", "toy", "weights", FileName(macShare));

    /// <summary>What weights for a share of multiply-accumulates are called.</summary>
    public static string FileName(double? macShare) =>
        macShare is { } share ? FormattableString.Invariant($"toy-nlvr2-madtp-{share}.safetensors") : "toy-nlvr2.safetensors";
}
