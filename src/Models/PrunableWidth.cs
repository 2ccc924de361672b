using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>
/// One inner width of a model that parameters can be taken out of, and the tensors that follow it. A unit of an attention is one
/// dimension of every head alike, so that heads stay equally wide.
/// </summary>
/// <param name="Name">Name of the part inside the model, as in its checkpoint.</param>
/// <param name="Kind">What it belongs to.</param>
/// <param name="Tower">The transformer it is in.</param>
/// <param name="Layer">Number of its layer.</param>
/// <param name="Part">The part, which takes the mask.</param>
public sealed record PrunableWidth(string Name, PrunableKind Kind, ModelTower Tower, int Layer, IMaskableWidth Part)
{
    /// <summary>Heads that repeat the units; 1 where there are no heads.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>How often the units of all heads stand in each tensor of <see cref="Rows"/>, one after the other: 3 in a fused projection to queries, keys and values.</summary>
    public int Projections { get; init; } = 1;

    /// <summary>Which of several cross-attentions it is, from 0.</summary>
    public int Source { get; init; }

    /// <summary>Names of the tensors whose first dimension runs over the units: what makes them.</summary>
    public required IReadOnlyList<string> Rows { get; init; }

    /// <summary>Names of the tensors whose last dimension runs over the units: what reads them.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>The same width in a model that keeps a momentum copy of it, whose tensors are to be cut alike.</summary>
    internal PrunableWidth WithCopy() => this with
    {
        Rows = [.. Rows, .. Rows.Select(MomentumCopy.NameOf)],
        Columns = [.. Columns, .. Columns.Select(MomentumCopy.NameOf)],
    };
}

/// <summary>What an inner width that can be pruned belongs to.</summary>
public enum PrunableKind
{
    /// <summary>Dimensions of self-attention heads.</summary>
    SelfAttention,

    /// <summary>Dimensions of cross-attention heads.</summary>
    CrossAttention,

    /// <summary>Units of a feed-forward part.</summary>
    FeedForward,
}

/// <summary>Which transformer of a model a layer is in.</summary>
public enum ModelTower
{
    /// <summary>The image encoder.</summary>
    Image,

    /// <summary>The text encoder.</summary>
    Text,

    /// <summary>The text decoder.</summary>
    Decoder,
}

/// <summary>The inner widths of one layer. Removing parameters makes them differ from layer to layer.</summary>
/// <param name="Attention">Width of queries, keys and values: heads times width per head.</param>
/// <param name="Mlp">Width between the two feed-forward maps.</param>
/// <param name="CrossAttention">Width of the cross-attention's queries, keys and values; 0 for the same as <paramref name="Attention"/>.</param>
/// <param name="SecondCrossAttention">The same of the attention to the second image, where there are two; 0 for the same as to the first.</param>
public sealed record LayerWidths(int Attention, int Mlp, int CrossAttention = 0, int SecondCrossAttention = 0)
{
    /// <summary>The width of the cross-attention to the first image (0) or the second (1), resolved.</summary>
    public int CrossTo(int source) => (source, SecondCrossAttention, CrossAttention) switch
    {
        (> 0, > 0, _) => SecondCrossAttention,
        (_, _, > 0) => CrossAttention,
        _ => Attention,
    };
}

/// <summary>A part of a layer whose inner width can be masked, and then cut down to what the mask leaves.</summary>
public interface IMaskableWidth
{
    /// <summary>What a mask tells apart: dimensions of a head (each one stands for that dimension of every head), or feed-forward units.</summary>
    int Units { get; }

    /// <summary>What the units are multiplied by, <c>[Units]</c>; null runs the plain layer.</summary>
    Tensor? WidthMask { get; set; }

    /// <summary>A mask that changes nothing, of the layer's type and on its device: ones, <c>[Units]</c>.</summary>
    Tensor NewMask();
}

/// <summary>A model that names the inner widths that parameters can be taken out of.</summary>
public interface IPrunableModel
{
    /// <summary>The widths, encoder by encoder and layer by layer.</summary>
    IReadOnlyList<PrunableWidth> PrunableWidths { get; }

    /// <summary>Makes momentum copies equal to what learns, in a model that has such copies.</summary>
    void RestartCopies()
    {
    }
}

/// <summary>A prunable model that is made of its sizes.</summary>
/// <typeparam name="TSizes">The sizes.</typeparam>
public interface IPrunableModel<TSizes> : IPrunableModel
    where TSizes : class, IPrunableSizes<TSizes>
{
    /// <summary>The model's sizes.</summary>
    TSizes Config { get; }
}

/// <summary>Sizes of a model whose layers may differ in their inner widths, because parameters were taken out of them.</summary>
/// <typeparam name="TSelf">The sizes themselves.</typeparam>
public interface IPrunableSizes<TSelf>
    where TSelf : class, IPrunableSizes<TSelf>
{
    /// <summary>The sizes of the regular model that a smaller one was cut out of; its own where nothing was taken out.</summary>
    TSelf Uncompressed { get; }

    /// <summary>The inner widths of every layer of a transformer.</summary>
    /// <exception cref="ArgumentException">The model has no such transformer.</exception>
    IReadOnlyList<LayerWidths> Widths(ModelTower tower);

    /// <summary>The same sizes with other inner widths in a transformer; null for the regular ones.</summary>
    /// <exception cref="ArgumentException">The model has no such transformer.</exception>
    TSelf WithWidths(ModelTower tower, IReadOnlyList<LayerWidths>? widths);
}
