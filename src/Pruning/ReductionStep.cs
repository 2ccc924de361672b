using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>What a reduction did in one block.</summary>
/// <param name="Encoder">Name of the encoder.</param>
/// <param name="Layer">The block's index, from 0.</param>
/// <param name="TokensPerSample">Tokens each sample goes on with, class and merged token included; padding left out, unless the policy takes it for tokens.</param>
/// <param name="Pruned">True where tokens were taken out.</param>
public sealed record ReductionStep(string Encoder, int Layer, IReadOnlyList<int> TokensPerSample, bool Pruned)
{
    /// <summary>Tokens each sample came with, counted in the same way.</summary>
    public IReadOnlyList<int> TokensBefore { get; init; } = [];

    /// <summary>Tokens the sequence is long after the block, padding included.</summary>
    public int Length { get; init; }

    /// <summary>Original positions of the tokens each sample goes on with, in order; 0 is the class token, −1 a merged token. Null at <see cref="TraceDetail.Counts"/>.</summary>
    public IReadOnlyList<long[]>? Positions { get; init; }

    /// <summary>Scores, thresholds and selection; null below <see cref="TraceDetail.Tensors"/> or where the block kept everything unseen.</summary>
    public StepTensors? Tensors { get; init; }
}

/// <summary>The tensors of one step, detached. N counts the candidates, without the class token.</summary>
public sealed record StepTensors
{
    /// <summary>The position that each candidate entered the encoder with, <c>[B, N]</c> int64; −1 for merged tokens and padding.</summary>
    public Tensor? Candidates { get; init; }

    /// <summary>1 for candidates that hold a token, 0 for padding, <c>[B, N]</c>; null when all do.</summary>
    public Tensor? Real { get; init; }

    /// <summary>R, <c>[B, N, K]</c>.</summary>
    public Tensor? RawAlignment { get; init; }

    /// <summary>TIS and its parts, <c>[B, N]</c>.</summary>
    public required ImportanceScores Importance { get; init; }

    /// <summary>Counts wanted and thresholds.</summary>
    public required KeepDecision Decision { get; init; }

    /// <summary>Kept tokens; null where the block kept everything.</summary>
    public TokenSelection? Selection { get; init; }

    /// <summary>Tokens after reduction, <c>[B, N' + 1, D]</c>.</summary>
    public required Tensor Output { get; init; }
}
