using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>The toy world's models: trained in minutes, competent enough to prune. Their weights come with the kit.</summary>
public static class ToyModels
{
    public static ToyModels<BlipNlvr> Nlvr2 { get; } = new("nlvr2", () => new BlipNlvr(BlipConfig.Toy));

    /// <summary>BLIP for NLVR2 in the world with decoys, after the pretraining that treats objects and glyphs alike.</summary>
    public static ToyModels<BlipNlvr> DecoysNeutral { get; } = new("decoys-neutral", () => new BlipNlvr(BlipConfig.Decoys));

    public static ToyModels<ClipModel> Clip { get; } = new(
        "clip", () => new ClipModel(ClipConfig.Toy with { Contrastive = null }));

    public static ToyModels<BlipRetrieval> Retrieval { get; } = new(
        "retrieval", () => new BlipRetrieval(BlipConfig.ToyRetrieval with { Contrastive = null }));

    public static ToyModels<BlipCaptioner> Caption { get; } = new("caption", () => new BlipCaptioner(BlipConfig.ToyLanguage));

    public static ToyModels<BlipVqa> Vqa { get; } = new("vqa", () => new BlipVqa(BlipConfig.ToyLanguage));

    /// <summary>The same, tuned on one corpus.</summary>
    public static ToyModels<BlipNlvr> Decoys(ThingKind corpus) => new(DecoysName(corpus), () => new BlipNlvr(BlipConfig.Decoys));

    /// <summary>What weights and experiments of a corpus are called: decoys-a of objects, decoys-b of glyphs.</summary>
    public static string DecoysName(ThingKind corpus) => corpus == ThingKind.Object ? "decoys-a" : "decoys-b";

    /// <summary>A BLIP-NLVR2 that fine-tuning begins with: the trained weights, but alignment guidance new and random.</summary>
    /// <param name="seed">Equal seeds give equal alignment guidance.</param>
    /// <param name="corpus">A corpus of the world with decoys; null for the small world.</param>
    public static BlipNlvr BeginNlvr2(AlignmentConfig alignment, long seed, ThingKind? corpus = null)
    {
        var settings = new TaskSettings { Learns = true, Seed = seed, Alignment = alignment, NewAlignment = true, DropPath = 0 };
        var (begin, sizes) = corpus is { } spoken ? (Decoys(spoken), BlipConfig.Decoys) : (Nlvr2, BlipConfig.Toy);
        using var file = CheckpointFile.Open(begin.WeightsPath());
        return TaskModel.Blip(settings, file, sizes, config => new BlipNlvr(config));
    }

    /// <summary>Where the weights are that come with the kit.</summary>
    /// <param name="macShare">Share of multiply-accumulates they were fine-tuned for (0.5); null for the plain model's.</param>
    public static string WeightsPath(string task, double? macShare = null) => KitFolder.File(
        "data", "toy", "weights",
        macShare is { } share ? FormattableString.Invariant($"toy-{task}-madtp-{share}.safetensors") : $"toy-{task}.safetensors");

    /// <summary>Writes what answers of a model, without momentum copies and queues.</summary>
    /// <param name="path">The file; it appears whole or not at all.</param>
    /// <param name="notes">What to write beside the weights: the temperature they were fine-tuned at, seed, scores.</param>
    internal static void Save(string path, nn.Module model, IReadOnlyDictionary<string, object> notes)
    {
        var answering = model.state_dict().Where(tensor => !ContrastiveModel.IsForTraining(tensor.Key))
            .ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        static string Text(object note) => Convert.ToString(note, CultureInfo.InvariantCulture)!;
        SafetensorsWriter.Write(path, answering, notes.ToDictionary(note => note.Key, note => Text(note.Value)));
    }

    /// <summary>Random linear layers for width 64: BERT's deviation of 0.02, for 768, would begin almost uniform.</summary>
    internal static void Randomize(nn.Module model)
    {
        using var off = no_grad();
        foreach (var linear in model.modules().OfType<Linear>())
        {
            nn.init.xavier_uniform_(linear.weight);
            linear.bias?.zero_();
        }
    }

    /// <summary>Takes what a model shares with the trained BLIP-NLVR2, as BLIP's models begin with its pretraining.</summary>
    /// <exception cref="FileNotFoundException">Its weights are not there; the message says how to train them.</exception>
    internal static void BeginWithNlvr2(nn.Module model)
    {
        using var source = Nlvr2.Load().Model;
        var trained = source.state_dict();
        using var off = no_grad();
        foreach (var (name, tensor) in model.state_dict())
        {
            if (trained.TryGetValue(name, out var begin) && begin.shape.SequenceEqual(tensor.shape))
                tensor.copy_(begin);
        }
    }
}

/// <summary>A toy model as it is made and loaded.</summary>
/// <param name="make">Makes it, with random weights and without training copies.</param>
public sealed class ToyModels<TModel>(string task, Func<TModel> make)
    where TModel : nn.Module, IReducibleModel
{
    /// <summary>Where the weights are that come with the kit, by the MAC share they were fine-tuned for.</summary>
    public string WeightsPath(double? macShare = null) => ToyModels.WeightsPath(task, macShare);

    /// <summary>The trained model that comes with the kit.</summary>
    /// <param name="macShare">Share of multiply-accumulates it was fine-tuned for (0.5); null for the plain model.</param>
    /// <exception cref="FileNotFoundException">No such weights are there; the message says how to train them.</exception>
    public ToyModel<TModel> Load(double? macShare = null)
    {
        var path = WeightsPath(macShare);
        var reduce = macShare is { } share ? FormattableString.Invariant($" --reduce {Math.Round(1 - share, 6)}") : string.Empty;
        return File.Exists(path) ? Load(path) : throw new FileNotFoundException(
            $"there are no weights at '{path}'; './kit train toy-{task}{reduce}' trains them", path);
    }

    /// <summary>A model from weights of <c>./kit train</c>, regular or with parameters taken out.</summary>
    /// <exception cref="InvalidDataException">The file's tensors are not those of this model.</exception>
    public ToyModel<TModel> Load(string path)
    {
        using var file = CheckpointFile.Open(path);
        return new(CompressedWeights.Load(make(), file), file.Metadata);
    }
}

/// <summary>A trained toy model.</summary>
/// <param name="Model">The model, in evaluation mode, without training copies.</param>
/// <param name="Metadata">What lies beside the weights: seed, scores.</param>
public sealed record ToyModel<TModel>(TModel Model, IReadOnlyDictionary<string, string> Metadata)
    where TModel : nn.Module, IReducibleModel
{
    /// <summary>T that its budget was met at; null for a model trained without reduction.</summary>
    public double? Temperature =>
        Metadata.TryGetValue("temperature", out var text) ? double.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>Attaches MADTP at the model's own temperature; dispose the handle to have the plain model back.</summary>
    /// <exception cref="InvalidOperationException">It was trained without reduction and no temperature is given.</exception>
    public TokenReduction Attach(double? temperature = null) =>
        TokenReduction.Attach(Model, ReductionPolicy.Fixed, temperature ?? Temperature ?? throw new InvalidOperationException(
            "these weights were trained without reduction: give a temperature, or load the fine-tuned ones"));
}
