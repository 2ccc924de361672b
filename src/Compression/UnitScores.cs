using Madtp.Kit.Models;

namespace Madtp.Kit.Compression;

/// <summary>What the units of one width are ranked by.</summary>
/// <param name="Kind">What the width belongs to; all attentions are standardised together, and so are all feed-forward parts.</param>
/// <param name="Gradients">The gradient of each unit's mask, summed over the steps of the search.</param>
/// <param name="Cost">Multiply-accumulates of one unit.</param>
public sealed record UnitScores(PrunableKind Kind, IReadOnlyList<float> Gradients, double Cost);
