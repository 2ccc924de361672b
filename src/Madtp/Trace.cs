using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>A record of what a reduction did, block by block in order of execution. Disposing it ends the recording and frees its
/// tensors.</summary>
public sealed class ReductionTrace : IDisposable
{
    private readonly List<ReductionStep> steps = [];
    private readonly List<Tensor> owned = [];
    private readonly TokenReduction reduction;

    internal ReductionTrace(TokenReduction reduction, TraceDetail detail) => (this.reduction, Detail) = (reduction, detail);

    public TraceDetail Detail { get; }

    /// <summary>The policy that is recorded: that of the reduction now.</summary>
    public ReductionPolicy Policy => reduction.Policy;

    public IReadOnlyList<ReductionStep> Steps => steps;

    /// <summary>The steps of one encoder.</summary>
    public IReadOnlyList<ReductionStep> Of(string encoder) => [.. steps.Where(step => step.Encoder == encoder)];

    /// <summary>What is left of one sequence, block by block.</summary>
    /// <param name="sample">The sequence's place in the encoder's batch.</param>
    /// <param name="first">The position that is counted as 0: 1 for images, whose class token is no patch; 0 for text.</param>
    /// <exception cref="ArgumentException">The trace holds no positions.</exception>
    public TokensLeft Left(string encoder, int sample, int first)
    {
        var of = Of(encoder);
        return new TokensLeft(
            [.. of.Select(step => Kept(step, sample, first))],
            [.. of.Select(step => step.TokensPerSample[sample])],
            Policy.Reducer.Merges);
    }

    /// <summary>Forgets the steps so far and goes on recording.</summary>
    public void Clear()
    {
        steps.Clear();
        owned.ForEach(tensor => tensor.Dispose());
        owned.Clear();
    }

    public void Dispose()
    {
        owned.ForEach(tensor => tensor.Dispose());
        owned.Clear(); // the steps' numbers can still be read
        reduction.End(this);
    }

    internal void Add(ReductionContext context, TokenState output, ImportanceScores? importance, PruneMask? wanted,
        KeptRows? kept)
    {
        using var off = no_grad();
        var padding = !Policy.ExcludePadding;
        steps.Add(new ReductionStep(context.Encoder.Name, context.Layer, output.TokensPerSample(padding), kept is not null)
        {
            TokensBefore = context.Attended.TokensPerSample(padding),
            Length = output.Length,
            Positions = Detail >= TraceDetail.Positions ? Positions(output, padding ? output.Filled : output.Mask) : null,
            Tensors = Detail >= TraceDetail.Tensors && importance is not null ? Hold(context, output, importance, wanted!, kept)
                : null,
        });
    }

    private static IReadOnlyList<int> Kept(ReductionStep step, int sample, int first) =>
        [.. (step.Positions ?? throw new ArgumentException(
            "the trace was recorded without positions: use reduction.Record(TraceDetail.Positions)"))[sample]
            .Where(position => position >= first).Select(position => (int)position - first)];

    private static long[][] Positions(TokenState tokens, Tensor? told)
    {
        using var positions = tokens.Position!.cpu();
        using var mask = told?.cpu().to(float32);
        var real = mask?.data<float>().ToArray();
        return [.. positions.data<long>().ToArray().Index().Chunk(tokens.Length).Select(
            sample => sample.Where(at => real is null || real[at.Index] != 0).Select(at => at.Item).ToArray())];
    }

    private StepTensors Hold(
        ReductionContext context, TokenState output, ImportanceScores importance, PruneMask wanted, KeptRows? kept) => new()
    {
        Candidates = context.Attended.Position is { } position ? Hold(context.Candidates.Take(position)) : null,
        Mask = Hold(context.Mask),
        RawAlignment = Hold(context.RawAlignment),
        Importance = new ImportanceScores(Hold(importance.Total)!)
        {
            Part = new[] { ScoreParts.Class, ScoreParts.Self, ScoreParts.Alignment }
                .ToDictionary(part => part, part => Hold(importance.Part(part))).GetValueOrDefault,
        },
        Wanted = new PruneMask(Hold(wanted.Keep)!, Hold(wanted.Thresholds)),
        Kept = kept is null ? null : new KeptRows(Hold(kept.Keep)!) { Rows = Hold(kept.Rows)! },
        Output = Hold(output.X)!,
    };

    private Tensor? Hold(Tensor? tensor)
    {
        if (tensor is null)
            return null;

        var held = tensor.detach().clone().DetachFromDisposeScope();
        owned.Add(held);
        return held;
    }
}

/// <summary>What a reduction did in one block.</summary>
/// <param name="Layer">The block's index, from 0.</param>
/// <param name="TokensPerSample">Tokens each sample goes on with, class and merged token included; padding left out, unless the
/// policy takes it for tokens.</param>
/// <param name="Pruned">True where tokens were taken out.</param>
public sealed record ReductionStep(string Encoder, int Layer, IReadOnlyList<int> TokensPerSample, bool Pruned)
{
    /// <summary>Tokens each sample came with, counted in the same way.</summary>
    public IReadOnlyList<int> TokensBefore { get; init; } = [];

    /// <summary>Tokens the sequence is long after the block, padding included.</summary>
    public int Length { get; init; }

    /// <summary>Original positions of the tokens each sample goes on with, in order; 0 is the class token, −1 a merged token.
    /// Null at <see cref="TraceDetail.Counts"/>.</summary>
    public IReadOnlyList<long[]>? Positions { get; init; }

    /// <summary>Scores, thresholds and selection; null below <see cref="TraceDetail.Tensors"/> or where the block kept everything
    /// unseen.</summary>
    public StepTensors? Tensors { get; init; }
}

/// <summary>The tensors of one step, detached. N counts the candidates.</summary>
public sealed record StepTensors
{
    /// <summary>The position that each candidate entered the encoder with, <c>[B, N]</c> int64; −1 for merged tokens and
    /// padding.</summary>
    public Tensor? Candidates { get; init; }

    /// <summary>1 for candidates that hold a token, 0 for padding, <c>[B, N]</c>; null when all do.</summary>
    public Tensor? Mask { get; init; }

    /// <summary>R, <c>[B, N, K]</c>.</summary>
    public Tensor? RawAlignment { get; init; }

    /// <summary>TIS and its parts, <c>[B, N]</c>.</summary>
    public required ImportanceScores Importance { get; init; }

    /// <summary>M_p (eq. 10) and the thresholds, as the keep rule wants it.</summary>
    public required PruneMask Wanted { get; init; }

    /// <summary>M_p and the rows that go on, as the batch has it; null where the block kept everything.</summary>
    public KeptRows? Kept { get; init; }

    /// <summary>Tokens after reduction, <c>[B, N' + 1, D]</c>.</summary>
    public required Tensor Output { get; init; }
}

/// <summary>How much a trace keeps of each step.</summary>
public enum TraceDetail
{
    /// <summary>Tokens per sample.</summary>
    Counts,
    /// <summary>Also the original positions of the kept tokens.</summary>
    Positions,
    /// <summary>Also every score, threshold and selection, as tensors.</summary>
    Tensors,
}

/// <summary>What a reduction leaves of one image or text, block by block.</summary>
/// <param name="Positions">After each block the patches or words that are still tokens of their own, counted from 0.</param>
/// <param name="Counts">Tokens after each block, the class token and merged tokens included.</param>
/// <param name="Merges">Whether the others are merged into tokens that go on, or dropped.</param>
public sealed record TokensLeft(IReadOnlyList<IReadOnlyList<int>> Positions, IReadOnlyList<int> Counts, bool Merges);
