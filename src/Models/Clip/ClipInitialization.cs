using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>CLIP's initialisation: deviations that shrink with width, and with depth for what writes into the residual stream.</summary>
internal static class ClipInitialization
{
    /// <summary>A table of normal numbers as a parameter.</summary>
    public static Parameter Table(double deviation, params long[] shape) => nn.Parameter(randn(shape) * deviation);

    /// <summary>The word table.</summary>
    public static Embedding Words(int vocabularySize, int width)
    {
        var words = nn.Embedding(vocabularySize, width);
        using var off = no_grad();
        words.weight!.normal_(0, 0.02);
        return words;
    }

    /// <summary>Attention of a block: fused projection <c>[3D, D]</c> and output projection.</summary>
    public static void Attention(Parameter inProjection, Linear outProjection, int layers)
    {
        using var off = no_grad();
        var width = inProjection.shape[1];
        inProjection.normal_(0, Math.Pow(width, -0.5));
        outProjection.weight.normal_(0, Math.Pow(width, -0.5) * Math.Pow(2 * layers, -0.5));
        outProjection.bias!.zero_();
    }

    /// <summary>Feed-forward part of a block.</summary>
    public static void FeedForward(Linear widen, Linear narrow, int layers)
    {
        using var off = no_grad();
        var width = widen.weight.shape[1];
        widen.weight.normal_(0, Math.Pow(2 * width, -0.5));
        narrow.weight.normal_(0, Math.Pow(width, -0.5) * Math.Pow(2 * layers, -0.5));
        widen.bias!.zero_();
        narrow.bias!.zero_();
    }
}
