using Madtp.Kit.Models;

namespace Madtp.Kit.Madtp;

/// <summary>A way to reduce tokens: scorer, keep rule, reducer, batch layout. Where the paper, the released code and what we hold
/// right differ, the difference is one property here, so that an ablation can flip it alone.</summary>
public sealed record ReductionPolicy
{
    /// <summary>Name shown in tables and charts.</summary>
    public required string Name { get; init; }

    public required ITokenScorer Scorer { get; init; }

    public required IKeepRule Keep { get; init; }

    public ITokenReducer Reducer { get; init; } = new MergeReducer();

    /// <summary>How samples with different counts share a batch (defect 1: released is max-keep).</summary>
    public BatchLayout Layout { get; init; } = BatchLayout.PerInstance;

    public TokenOrder Order { get; init; }

    /// <summary>Whether padding is kept out of scores, thresholds, counts and merges.</summary>
    public bool ExcludePadding { get; init; } = true;

    /// <summary>Whether padding masks go as the released code lets them go in this encoder (defect 2, see
    /// <see cref="MaskGather"/>); else every token keeps its own, and the merged token is valid.</summary>
    public bool MisplacedMasks { get; init; }

    /// <summary>Whether causal text keeps its end-of-text token, follows it, and ranks by its attention (defect 3).</summary>
    public bool ProtectEndOfText { get; init; } = true;

    /// <summary>Whether the alignment features of an encoder's layers are summed (released); else averaged.</summary>
    public bool SumFeatures { get; init; }

    /// <summary>Candidates kept at least in every layer (defect 11).</summary>
    public int MinKeep { get; init; } = 1;

    /// <summary>Whether a layer that would keep too few keeps all its tokens (released); else as many as it must.</summary>
    public bool KeepAllBelowFloor { get; init; }

    /// <summary>The method as the paper writes it (Section 3), in max-keep batches.</summary>
    public static ReductionPolicy Paper { get; } = new()
    {
        Name = "MADTP (paper)",
        Scorer = new ImportanceScorer(),
        Keep = new LearnableThresholdRule(),
        Layout = BatchLayout.MaxKeep,
    };

    /// <summary>The method as the authors' code computes it, its defects included; reference tensors pin it. Kept tokens stand by
    /// position here and as an unsorted top-k leaves them there, which shows where texts of one batch are padded: with
    /// <see cref="TokenOrder.Library"/> the answers on a CPU are theirs there too.</summary>
    public static ReductionPolicy Released { get; } = new()
    {
        Name = "MADTP (released)",
        Scorer = new ImportanceScorer { SumSelf = true, NormalizeClass = false, SoftmaxAlignment = false },
        Keep = new LearnableThresholdRule(Softmax: true),
        Layout = BatchLayout.MaxKeep,
        ExcludePadding = false,
        MisplacedMasks = true,
        ProtectEndOfText = false,
        SumFeatures = true,
        MinKeep = 0,
        KeepAllBelowFloor = true,
    };

    /// <summary>The kit's default: the paper's method with every known defect of the released code decided.</summary>
    public static ReductionPolicy Fixed { get; } = Paper with { Name = "MADTP", Layout = BatchLayout.PerInstance };

    /// <summary>Whether choosing tokens takes their products with the learnable tokens; the alignment loss may need them all the
    /// same.</summary>
    public bool NeedsAlignment => Scorer.NeedsAlignment || Keep.NeedsAlignment;

    /// <summary>Tokens a layer must keep (or exceed, where the policy then keeps all).</summary>
    internal long Floor(ReductionContext context)
    {
        if (!KeepAllBelowFloor)
            return MinKeep;

        // The released text encoder of CLIP refuses to go below the batch's largest end-of-text position.
        return context.Attended.EndOfText is { } end ? end.max().item<long>() + 2
            : Math.Max(MinKeep, context.Encoder.ReleasedFloor);
    }
}

/// <summary>First part of a policy: how much does each token matter?</summary>
public interface ITokenScorer
{
    /// <summary>Scores the N candidates.</summary>
    ImportanceScores Score(ReductionContext context);

    /// <summary>What scoring one layer takes, alignment scores and sorting left out: the ledger counts those itself.</summary>
    PartCost Cost(LayerShape layer);

    /// <summary>Whether it reads the tokens' products with the learnable tokens.</summary>
    bool NeedsAlignment => false;

    /// <summary>Whether it reads the attention between tokens; where it does not, attentions need not keep their maps.</summary>
    bool ReadsAttention => true;
}

/// <summary>Second part of a policy: which tokens does each sample keep?</summary>
public interface IKeepRule
{
    /// <summary>M_p (eq. 10) from the importance, made by <see cref="PruneMask.Above"/> or <see cref="PruneMask.Top"/>.</summary>
    PruneMask Decide(ImportanceScores importance, ReductionContext context);

    /// <summary>What deciding in one layer takes.</summary>
    PartCost Cost(LayerShape layer);

    /// <summary>False where the rule keeps everything at this temperature, so that scoring can be left out.</summary>
    bool IsActive(double temperature) => true;

    /// <summary>Whether it reads the tokens' products with the learnable tokens.</summary>
    bool NeedsAlignment => false;
}

/// <summary>Third part of a policy: what becomes of the tokens that do not stay.</summary>
public interface ITokenReducer
{
    /// <summary>True where the pruned tokens come back as one; a block then has nothing to gain from pruning a single
    /// token.</summary>
    bool AddsToken => false;

    /// <summary>True where pruned tokens go on inside others; false where they are dropped.</summary>
    bool Merges => AddsToken;

    /// <summary>Builds the shorter sequence from <see cref="ReductionContext.Attended"/>.</summary>
    TokenState Reduce(ImportanceScores importance, KeptRows kept, ReductionContext context);

    /// <summary>What it takes to make a layer's sequence shorter by <paramref name="removed"/> tokens.</summary>
    PartCost Cost(LayerShape layer, long removed);
}

/// <summary>One reducing layer as its work is counted.</summary>
/// <param name="Tokens">N, the candidates.</param>
/// <param name="Width">D.</param>
/// <param name="HeadWidth">d_h.</param>
/// <param name="LearnableTokens">K; 0 without alignment guidance.</param>
public readonly record struct LayerShape(long Tokens, long Width, long HeadWidth, long LearnableTokens);

/// <summary>What a part of a policy computes in one layer.</summary>
/// <param name="Operations">Element-wise work, one operation counted as 1: only deployment pays for it.</param>
/// <param name="Products">Multiply-accumulates of products that the answer depends on: the paper's accounting counts them
/// too.</param>
public readonly record struct PartCost(long Operations, long Products = 0);

/// <summary>Order of the kept tokens. The released code leaves it to an unsorted top-k; it matters wherever position
/// does.</summary>
public enum TokenOrder
{
    /// <summary>Ascending original position. The kit's own order, and the only one for new work.</summary>
    Position,
    /// <summary>Descending importance (the reference tensors tagged <c>.sorted</c>).</summary>
    Importance,
    /// <summary>Ascending position with the least important kept token last, as the CUDA top-k leaves them (tagged
    /// <c>.cuda</c>).</summary>
    LeastImportantLast,
    /// <summary>Whatever the unsorted top-k of the tokens' device returns, as in the released code: other devices, other
    /// orders.</summary>
    Library,
    /// <summary>What a CPU's unsorted top-k returns, on whatever device. Only for tensors that were recorded that way.</summary>
    LibraryOnCpu,
}
