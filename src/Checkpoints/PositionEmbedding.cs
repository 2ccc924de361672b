using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>Fits an image encoder's position embedding to another image size, as BLIP does when it loads a checkpoint.</summary>
public static partial class PositionEmbedding
{
    // The class token.
    private const long ExtraTokens = 1;

    /// <summary>Whether a tensor of this name is an image encoder's position embedding.</summary>
    public static bool IsNamed(string name) => Name().IsMatch(name);

    /// <summary>Whether one shape becomes the other by resizing a square grid of patches: <c>[…, 1 + s², d]</c>.</summary>
    public static bool CanFit(IReadOnlyList<long> from, IReadOnlyList<long> to) =>
        from.Count == to.Count && from.Count is 2 or 3 && from[^1] == to[^1] && (from.Count == 2 || (from[0] == 1 && to[0] == 1))
        && Side(from[^2]) is not null && Side(to[^2]) is not null;

    /// <summary>Resizes the grid of patches by bicubic interpolation; the class token's embedding stays.</summary>
    /// <param name="embedding">[1, 1 + s², d] or [1 + s², d].</param>
    /// <param name="tokens">1 + t², class token included.</param>
    /// <returns>[1, 1 + t², d] or [1 + t², d].</returns>
    /// <exception cref="ArgumentException">The numbers of patches are not squares.</exception>
    public static Tensor Fit(Tensor embedding, long tokens)
    {
        if (embedding.ndim is not (2 or 3) || Side(embedding.shape[^2]) is not { } from || Side(tokens) is not { } to)
        {
            throw new ArgumentException($"a position embedding of shape {TensorLayout.Describe(embedding.shape)} cannot be fitted to {tokens} tokens: patches must form a square");
        }

        using var scope = NewDisposeScope();
        var width = embedding.shape[^1];
        var flat = embedding.reshape(1, -1, width); // [1, 1 + s², d]
        var grid = flat.narrow(1, ExtraTokens, from * from).reshape(1, from, from, width).permute(0, 3, 1, 2); // [1, d, s, s]
        var resized = nn.functional.interpolate(grid, [to, to], mode: InterpolationMode.Bicubic, align_corners: false); // [1, d, t, t]
        var patches = resized.permute(0, 2, 3, 1).reshape(1, to * to, width); // [1, t², d]
        var all = cat([flat.narrow(1, 0, ExtraTokens), patches], 1); // [1, 1 + t², d]
        return (embedding.ndim == 2 ? all.squeeze(0) : all).contiguous().MoveToOuterDisposeScope();
    }

    private static long? Side(long tokens)
    {
        var side = (long)Math.Round(Math.Sqrt(tokens - ExtraTokens));
        return side > 0 && side * side == tokens - ExtraTokens ? side : null;
    }

    [GeneratedRegex(@"(^|\.)pos_embed$|^visual(_m)?\.positional_embedding$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
