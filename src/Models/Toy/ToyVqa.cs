using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Blip;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Toy;

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
