using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>The stack of BERT layers (<c>encoder</c> in the checkpoints).</summary>
public sealed class BertEncoder : nn.Module
{
    private readonly ModuleList<BertLayer> layer;

    /// <summary>Creates the stack from its layers.</summary>
    public BertEncoder(IEnumerable<BertLayer> layers) : base(nameof(BertEncoder))
    {
        layer = new ModuleList<BertLayer>([.. layers]);
        RegisterComponents();
    }

    /// <summary>The layers in order.</summary>
    public IReadOnlyList<BertLayer> Layers => [.. layer];

    /// <summary>Runs all layers on <c>[B, N, D]</c>.</summary>
    public TokenState Forward(TokenState tokens, IReadOnlyList<ImageContext> images)
    {
        var index = 0;
        return BlockStack.Run(layer, tokens, (one, state) => one.Forward(state, At(images, index++)));
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

    private static IReadOnlyList<ImageContext> At(IReadOnlyList<ImageContext> images, int index) =>
        images.Any(image => image.PerLayer is not null) ? [.. images.Select(image => image.At(index))] : images;
}
