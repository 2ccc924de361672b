using System.Globalization;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using static TorchSharp.torch;
using Linear = TorchSharp.Modules.Linear;

namespace Madtp.Kit.Models;

/// <summary>The toy world's BLIP-NLVR2: small enough to train in minutes, competent enough to prune.</summary>
public static class ToyNlvr2
{
    /// <summary>Its sizes: 64² pixels in patches of 8², width 64, four heads, 3 + 3 layers, K = 64, d_k = 64.</summary>
    public static BlipConfig Config { get; } = new()
    {
        Vision = new VisionTransformerConfig { ImageSize = ToyScene.Size, PatchSize = ToyScene.PatchSize, Width = 64, Depth = 3, Heads = 4 },
        Text = new BertConfig
        {
            VocabularySize = ToyVocabulary.Tokens.Count + 2, // BLIP's [DEC] and [ENC] come last
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

/// <summary>A trained toy model.</summary>
/// <param name="Model">The model, in evaluation mode.</param>
/// <param name="Temperature">T that its budget was met at; null for a model trained without reduction.</param>
public sealed record ToyNlvr2Model(BlipNlvr Model, double? Temperature)
{
    /// <summary>What lies beside the weights: seed, scores.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Attaches MADTP at the model's own temperature; dispose the handle to have the plain model back.</summary>
    /// <param name="temperature">Another temperature.</param>
    /// <exception cref="InvalidOperationException">The model was trained without reduction and no temperature is given.</exception>
    public TokenReduction Attach(double? temperature = null)
    {
        var chosen = temperature ?? Temperature ?? throw new InvalidOperationException("these weights were trained without reduction: give a temperature, or load the fine-tuned ones");
        return TokenReduction.Attach(Model, ReductionPolicy.Fixed, chosen);
    }
}

/// <summary>The toy world's CLIP: small enough to train in minutes, competent enough to prune.</summary>
public static class ToyClip
{
    /// <summary>What its weights are called.</summary>
    public const string Name = "toy-clip";

    /// <summary>Its sizes: 64² pixels in patches of 8², width 64, four heads, 3 + 3 layers, E = 64, K = 64, d_k = 64.</summary>
    public static ClipConfig Config { get; } = new()
    {
        Vision = new ClipVisionConfig { ImageSize = ToyScene.Size, PatchSize = ToyScene.PatchSize, Width = 64, Layers = 3, Heads = 4 },
        Text = new ClipTextConfig { ContextLength = 32, VocabularySize = ToyCaptionedImages.ClipVocabularySize, Width = 64, Layers = 3, Heads = 4 },
        EmbedWidth = 64,
        Alignment = new AlignmentConfig(Tokens: 64, Width: 64, AlignmentMapping.PerLayer),
        Contrastive = new ContrastiveConfig { QueueSize = 1024, Momentum = 0.99 },
    };

    /// <summary>A model with random weights, ready to be trained.</summary>
    /// <param name="seed">Equal seeds give equal weights.</param>
    public static ClipModel Create(long seed)
    {
        manual_seed(seed);
        return new ClipModel(Config);
    }

    /// <summary>A model that goes on training from weights; its momentum copies begin at them.</summary>
    public static ClipModel Continue(string path, long seed)
    {
        var model = Create(seed);
        ToyWeights.Load(path, model);
        model.RestartCopies();
        return model;
    }

    /// <summary>The trained model that comes with the kit.</summary>
    /// <param name="macShare">Share of multiply-accumulates it was fine-tuned for (0.5); null for the plain model.</param>
    /// <exception cref="FileNotFoundException">No such weights are there; the message says how to train them.</exception>
    public static ToyClipModel Load(double? macShare = null) => Load(ToyWeights.Path(Name, macShare));

    /// <summary>A model trained by <c>./kit train toy-clip</c>.</summary>
    /// <exception cref="InvalidDataException">The file's tensors are not those of this model.</exception>
    public static ToyClipModel Load(string path)
    {
        var model = new ClipModel(Config with { Contrastive = null });
        var notes = ToyWeights.Load(path, model);
        model.eval();
        return new ToyClipModel(model, ToyWeights.Temperature(notes)) { Metadata = notes };
    }
}

/// <summary>A trained toy CLIP.</summary>
/// <param name="Model">The model, in evaluation mode, without training copies.</param>
/// <param name="Temperature">T that its budget was met at; null for a model trained without reduction.</param>
public sealed record ToyClipModel(ClipModel Model, double? Temperature)
{
    /// <summary>What lies beside the weights: seed, scores.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>The toy world's BLIP for retrieval: small enough to train in minutes, competent enough to prune.</summary>
public static class ToyRetrieval
{
    /// <summary>What its weights are called.</summary>
    public const string Name = "toy-retrieval";

    /// <summary>Its sizes: those of the toy BLIP-NLVR2, E = 64.</summary>
    public static BlipConfig Config { get; } = ToyNlvr2.Config with
    {
        EmbedWidth = 64,
        EncodeId = ToyCaptionedImages.EncodeId,
        Contrastive = new ContrastiveConfig { QueueSize = 1024, Momentum = 0.99 },
    };

    /// <summary>A model with random weights, ready to be trained.</summary>
    /// <param name="seed">Equal seeds give equal weights.</param>
    public static BlipRetrieval Create(long seed)
    {
        manual_seed(seed);
        var model = new BlipRetrieval(Config);
        using (no_grad())
        {
            foreach (var linear in model.modules().OfType<Linear>())
            {
                // BERT's deviation of 0.02 is made for width 768; at width 64 attention would start out almost uniform.
                nn.init.xavier_uniform_(linear.weight);
                linear.bias?.zero_();
            }
        }

        model.RestartCopies();
        return model;
    }

    /// <summary>A model that goes on training from weights; its momentum copies begin at them.</summary>
    public static BlipRetrieval Continue(string path, long seed)
    {
        var model = Create(seed);
        ToyWeights.Load(path, model);
        model.RestartCopies();
        return model;
    }

    /// <summary>The trained model that comes with the kit.</summary>
    /// <param name="macShare">Share of multiply-accumulates it was fine-tuned for (0.5); null for the plain model.</param>
    /// <exception cref="FileNotFoundException">No such weights are there; the message says how to train them.</exception>
    public static ToyRetrievalModel Load(double? macShare = null) => Load(ToyWeights.Path(Name, macShare));

    /// <summary>A model trained by <c>./kit train toy-retrieval</c>.</summary>
    /// <exception cref="InvalidDataException">The file's tensors are not those of this model.</exception>
    public static ToyRetrievalModel Load(string path)
    {
        var model = new BlipRetrieval(Config with { Contrastive = null });
        var notes = ToyWeights.Load(path, model);
        model.eval();
        return new ToyRetrievalModel(model, ToyWeights.Temperature(notes)) { Metadata = notes };
    }
}

/// <summary>A trained toy BLIP for retrieval.</summary>
/// <param name="Model">The model, in evaluation mode, without training copies.</param>
/// <param name="Temperature">T that its budget was met at; null for a model trained without reduction.</param>
public sealed record ToyRetrievalModel(BlipRetrieval Model, double? Temperature)
{
    /// <summary>What lies beside the weights: seed, scores.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>The toy world's BLIP for visual question answering: small enough to train in minutes, competent enough to prune.</summary>
public static class ToyVqa
{
    /// <summary>What its weights are called.</summary>
    public const string Name = "toy-vqa";

    /// <summary>Its sizes: those of the toy BLIP-NLVR2, with a decoder of three layers more.</summary>
    public static BlipConfig Config { get; } = ToyNlvr2.Config with { EncodeId = ToyTokens.EncodeId, DecodeId = ToyTokens.DecodeId, Contrastive = null };

    /// <summary>A model ready to be trained: random, but for what it shares with the trained toy BLIP-NLVR2.</summary>
    /// <param name="seed">Equal seeds give equal weights.</param>
    public static BlipVqa Create(long seed)
    {
        manual_seed(seed);
        var model = new BlipVqa(Config);
        ToyStart.Randomize(model);
        ToyStart.FromNlvr2(model);
        return model;
    }

    /// <summary>A model that goes on training from weights.</summary>
    public static BlipVqa Continue(string path, long seed)
    {
        manual_seed(seed);
        var model = new BlipVqa(Config);
        ToyWeights.Load(path, model);
        return model;
    }

    /// <summary>The trained model that comes with the kit.</summary>
    /// <param name="macShare">Share of multiply-accumulates it was fine-tuned for (0.5); null for the plain model.</param>
    /// <exception cref="FileNotFoundException">No such weights are there; the message says how to train them.</exception>
    public static ToyVqaModel Load(double? macShare = null) => Load(ToyWeights.Path(Name, macShare));

    /// <summary>A model trained by <c>./kit train toy-vqa</c>.</summary>
    /// <exception cref="InvalidDataException">The file's tensors are not those of this model.</exception>
    public static ToyVqaModel Load(string path)
    {
        var model = new BlipVqa(Config);
        var notes = ToyWeights.Load(path, model);
        model.eval();
        return new ToyVqaModel(model, ToyWeights.Temperature(notes)) { Metadata = notes };
    }
}

/// <summary>A trained toy BLIP for visual question answering.</summary>
/// <param name="Model">The model, in evaluation mode.</param>
/// <param name="Temperature">T that its budget was met at; null for a model trained without reduction.</param>
public sealed record ToyVqaModel(BlipVqa Model, double? Temperature)
{
    /// <summary>What lies beside the weights: seed, scores.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Attaches MADTP at the model's own temperature; dispose the handle to have the plain model back.</summary>
    /// <param name="temperature">Another temperature.</param>
    /// <exception cref="InvalidOperationException">The model was trained without reduction and no temperature is given.</exception>
    public TokenReduction Attach(double? temperature = null)
    {
        var chosen = temperature ?? Temperature ?? throw new InvalidOperationException("these weights were trained without reduction: give a temperature, or load the fine-tuned ones");
        return TokenReduction.Attach(Model, ReductionPolicy.Fixed, chosen);
    }
}

/// <summary>The toy world's BLIP for captioning: small enough to train in minutes, competent enough to prune.</summary>
public static class ToyCaption
{
    /// <summary>What its weights are called.</summary>
    public const string Name = "toy-caption";

    /// <summary>Its sizes: those of the toy BLIP-NLVR2, with a decoder of three layers more.</summary>
    public static BlipConfig Config { get; } = ToyNlvr2.Config with { EncodeId = ToyTokens.EncodeId, DecodeId = ToyTokens.DecodeId, Contrastive = null };

    /// <summary>A model ready to be trained: random, but for what it shares with the trained toy BLIP-NLVR2.</summary>
    /// <param name="seed">Equal seeds give equal weights.</param>
    public static BlipCaptioner Create(long seed)
    {
        manual_seed(seed);
        var model = new BlipCaptioner(Config);
        ToyStart.Randomize(model);
        ToyStart.FromNlvr2(model);
        return model;
    }

    /// <summary>A model that goes on training from weights.</summary>
    public static BlipCaptioner Continue(string path, long seed)
    {
        manual_seed(seed);
        var model = new BlipCaptioner(Config);
        ToyWeights.Load(path, model);
        return model;
    }

    /// <summary>The trained model that comes with the kit.</summary>
    /// <param name="macShare">Share of multiply-accumulates it was fine-tuned for (0.5); null for the plain model.</param>
    /// <exception cref="FileNotFoundException">No such weights are there; the message says how to train them.</exception>
    public static ToyCaptionModel Load(double? macShare = null) => Load(ToyWeights.Path(Name, macShare));

    /// <summary>A model trained by <c>./kit train toy-caption</c>.</summary>
    /// <exception cref="InvalidDataException">The file's tensors are not those of this model.</exception>
    public static ToyCaptionModel Load(string path)
    {
        var model = new BlipCaptioner(Config);
        var notes = ToyWeights.Load(path, model);
        model.eval();
        return new ToyCaptionModel(model, ToyWeights.Temperature(notes)) { Metadata = notes };
    }
}

/// <summary>A trained toy BLIP for captioning.</summary>
/// <param name="Model">The model, in evaluation mode.</param>
/// <param name="Temperature">T that its budget was met at; null for a model trained without reduction.</param>
public sealed record ToyCaptionModel(BlipCaptioner Model, double? Temperature)
{
    /// <summary>What lies beside the weights: seed, scores.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Attaches MADTP at the model's own temperature; dispose the handle to have the plain model back.</summary>
    /// <param name="temperature">Another temperature.</param>
    /// <exception cref="InvalidOperationException">The model was trained without reduction and no temperature is given.</exception>
    public TokenReduction Attach(double? temperature = null)
    {
        var chosen = temperature ?? Temperature ?? throw new InvalidOperationException("these weights were trained without reduction: give a temperature, or load the fine-tuned ones");
        return TokenReduction.Attach(Model, ReductionPolicy.Fixed, chosen);
    }
}

/// <summary>What a toy model begins its training with.</summary>
internal static class ToyStart
{
    /// <summary>Random linear layers as width 64 wants them: BERT's deviation of 0.02 is made for 768, here attention would start out almost uniform.</summary>
    public static void Randomize(nn.Module model)
    {
        using var off = no_grad();
        foreach (var linear in model.modules().OfType<Linear>())
        {
            nn.init.xavier_uniform_(linear.weight);
            linear.bias?.zero_();
        }
    }

    /// <summary>
    /// Takes what a model shares with the trained toy BLIP-NLVR2, its image encoder first of all, as BLIP's models begin with its pretraining.
    /// </summary>
    /// <exception cref="FileNotFoundException">Its weights are not there; the message says how to train them.</exception>
    public static void FromNlvr2(nn.Module model)
    {
        using var source = ToyNlvr2.Load().Model;
        var trained = source.state_dict();
        using var off = no_grad();
        foreach (var (name, tensor) in model.state_dict())
        {
            if (trained.TryGetValue(name, out var begin) && begin.shape.SequenceEqual(tensor.shape))
            {
                tensor.copy_(begin);
            }
        }
    }
}

/// <summary>Files of trained toy weights: only what answers, no training copies; beside it the temperature and what else is worth knowing.</summary>
internal static class ToyWeights
{
    /// <summary>Where the weights that come with the kit are.</summary>
    public static string Path(string name, double? macShare) => KitFolder.File("data", "toy", "weights", FileName(name, macShare));

    /// <summary>What weights for a share of multiply-accumulates are called.</summary>
    public static string FileName(string name, double? macShare) =>
        macShare is { } share ? FormattableString.Invariant($"{name}-madtp-{share}.safetensors") : $"{name}.safetensors";

    /// <summary>Writes a model's weights without momentum copies and queues.</summary>
    public static void Save(string path, nn.Module model, double? temperature, IReadOnlyDictionary<string, string> notes)
    {
        var metadata = new Dictionary<string, string>(notes);
        if (temperature is { } value)
        {
            metadata["temperature"] = value.ToString("R", CultureInfo.InvariantCulture);
        }

        var answering = model.state_dict().Where(tensor => !IsForTraining(tensor.Key)).ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        SafetensorsWriter.Write(path, answering, metadata);
    }

    /// <summary>Fills a model with weights; training copies, where it has them, are not in the file.</summary>
    /// <returns>The file's notes.</returns>
    /// <exception cref="FileNotFoundException">No such weights are there; the message says how to train them.</exception>
    /// <exception cref="InvalidDataException">The file's tensors are not those of this model.</exception>
    public static IReadOnlyDictionary<string, string> Load(string path, nn.Module model)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"there are no weights at '{path}'; './kit train {System.IO.Path.GetFileNameWithoutExtension(path).Split("-madtp-")[0]}' trains them", path);
        }

        using var file = CheckpointFile.Open(path);
        var answering = model.state_dict().Where(tensor => !IsForTraining(tensor.Key)).ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        CheckpointLoader.Load(answering, file).RequireComplete();
        return file.Metadata;
    }

    /// <summary>T that a budget was met at; null for a model trained without reduction.</summary>
    public static double? Temperature(IReadOnlyDictionary<string, string> notes) =>
        notes.TryGetValue("temperature", out var temperature) ? double.Parse(temperature, CultureInfo.InvariantCulture) : null;

    /// <summary>Whether a tensor is only needed in training: momentum copies and queues.</summary>
    public static bool IsForTraining(string name)
    {
        var root = name.Split('.')[0];
        return root.EndsWith("_m", StringComparison.Ordinal) || root.EndsWith("_queue", StringComparison.Ordinal);
    }
}
