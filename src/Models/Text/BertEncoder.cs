using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>The stack of BERT layers (<c>encoder</c> in the checkpoints).</summary>
public sealed class BertEncoder : nn.Module, IRecomputing
{
    private readonly ModuleList<BertLayer> layer;
    private readonly bool drops;

    /// <summary>Creates the stack from its layers.</summary>
    /// <param name="layers">The layers in order.</param>
    /// <param name="dropout">Their dropout in training.</param>
    public BertEncoder(IEnumerable<BertLayer> layers, double dropout = 0) : base(nameof(BertEncoder))
    {
        drops = dropout > 0;
        layer = new ModuleList<BertLayer>([.. layers]);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public bool Recomputes { get; set; }

    /// <summary>The layers in order.</summary>
    public IReadOnlyList<BertLayer> Layers => [.. layer];

    /// <summary>Runs all layers on <c>[B, N, D]</c>.</summary>
    public TokenState Forward(TokenState tokens, IReadOnlyList<ImageContext> images)
    {
        var index = 0;
        return BlockStack.Run(layer, tokens, (one, state) => Run(one, state, At(images, index++)));
    }

    /// <summary>Runs all layers as a decoder on new tokens <c>[B, n, D]</c>; the bias on their scores is <c>[B, 1, n, N]</c> or null.</summary>
    public Tensor Decode(Tensor tokens, Tensor? bias, ImageContext image, DecoderCache? cache)
    {
        for (var index = 0; index < layer.Count; index++)
        {
            using var scope = NewDisposeScope();
            tokens = layer[index].Decode(tokens, bias, image.At(index), cache, index).MoveToOuterDisposeScope();
        }

        return tokens;
    }

    private TokenState Run(BertLayer one, TokenState state, IReadOnlyList<ImageContext> images)
    {
        var random = training && drops;
        return Recomputes && images.All(image => image.KeyValue is null)
            ? Recomputation.Run(Forward, state, images, random)
            : Forward(state, images);

        // A GPU drops by a seed of the processor's, which is the same again where a layer is run again.
        TokenState Forward(TokenState tokens, IReadOnlyList<ImageContext> seen)
        {
            if (random)
            {
                RandomState.SeedGpuOf(tokens.X.device);
            }

            return one.Forward(tokens, seen);
        }
    }

    // Each layer reads the images under a name of its own, so that its gradients are summed before they join those of other layers,
    // with recomputation or without: floating-point sums depend on their order.
    private static IReadOnlyList<ImageContext> At(IReadOnlyList<ImageContext> images, int index) =>
        [.. images.Select(image => (is_grad_enabled() ? image with { Tokens = image.Tokens.alias() } : image).At(index))];
}
