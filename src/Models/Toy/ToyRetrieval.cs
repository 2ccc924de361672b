using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Contrastive;
using static TorchSharp.torch;
using Linear = TorchSharp.Modules.Linear;

namespace Madtp.Kit.Models.Toy;

/// <summary>The toy world's BLIP for retrieval: small enough to train in minutes, competent enough to prune.</summary>
public static class ToyRetrieval
{
    /// <summary>What its weights are called.</summary>
    public const string Name = "toy-retrieval";

    /// <summary>Its sizes: those of the toy BLIP-NLVR2, E = 64.</summary>
    public static BlipConfig Config { get; } = ToyNlvr2.Config with
    {
        EmbedWidth = 64,
        EncodeId = ToyTokens.EncodeId,
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
