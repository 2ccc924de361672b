using Madtp.Kit.Models.Contrastive;

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
