using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>
/// A way to reduce tokens, in four parts: scorer, keep rule, reducer, batch layout. Where the paper, the released code and
/// what we hold right differ, the difference is one property here, so that an ablation can flip it alone.
/// </summary>
public sealed record ReductionPolicy
{
    /// <summary>Name shown in tables and charts.</summary>
    public required string Name { get; init; }

    /// <summary>How much each token matters.</summary>
    public required ITokenScorer Scorer { get; init; }

    /// <summary>How many tokens stay.</summary>
    public required IKeepRule Keep { get; init; }

    /// <summary>What becomes of the others.</summary>
    public ITokenReducer Reducer { get; init; } = new MergeReducer();

    /// <summary>How samples with different counts share a batch (defect 1: released is max-keep).</summary>
    public BatchLayout Layout { get; init; } = BatchLayout.PerInstance;

    /// <summary>Order of the kept tokens.</summary>
    public TokenOrder Order { get; init; } = TokenOrder.Position;

    /// <summary>Whether padding is kept out of scores, thresholds, counts and merges.</summary>
    public bool ExcludePadding { get; init; } = true;

    /// <summary>How the padding mask is carried along (defect 2).</summary>
    public MaskCarry Mask { get; init; } = MaskCarry.WithTokens;

    /// <summary>Whether causal text keeps its end-of-text token, follows it, and ranks by its attention (defect 3).</summary>
    public bool ProtectEndOfText { get; init; } = true;

    /// <summary>How alignment features of the layers are pooled.</summary>
    public FeaturePooling Features { get; init; } = FeaturePooling.Mean;

    /// <summary>Tokens kept at least in every layer, beside the class token (defect 11).</summary>
    public int MinKeep { get; init; } = 1;

    /// <summary>What a layer does that would keep fewer.</summary>
    public BelowFloor BelowFloor { get; init; } = BelowFloor.KeepFloor;

    /// <summary>The method as the paper writes it (Section 3): sparsemax threshold, max-keep batches.</summary>
    public static ReductionPolicy Paper { get; } = new()
    {
        Name = "MADTP (paper)",
        Scorer = new ImportanceScorer(),
        Keep = new LearnableThresholdRule(ThresholdNormalization.Sparsemax),
        Layout = BatchLayout.MaxKeep,
    };

    /// <summary>The method as the authors' code computes it, its defects included; reference tensors pin it.</summary>
    public static ReductionPolicy Released { get; } = new()
    {
        Name = "MADTP (released)",
        Scorer = new ImportanceScorer { SelfPooling = SelfPooling.Sum, NormalizeClass = false, SoftmaxAlignment = false },
        Keep = new LearnableThresholdRule(ThresholdNormalization.Softmax),
        Layout = BatchLayout.MaxKeep,
        ExcludePadding = false,
        Mask = MaskCarry.Released,
        ProtectEndOfText = false,
        Features = FeaturePooling.Sum,
        MinKeep = 0,
        BelowFloor = BelowFloor.KeepAll,
    };

    /// <summary>The kit's default: the paper's method with every known defect of the released code decided.</summary>
    public static ReductionPolicy Fixed { get; } = Paper with { Name = "MADTP", Layout = BatchLayout.PerInstance };

    /// <summary>
    /// Static token pruning (STP): every layer drops the same number of its least important tokens.
    /// </summary>
    /// <param name="imageTokens">Image tokens dropped per layer.</param>
    /// <param name="textTokens">Text tokens dropped per layer.</param>
    public static ReductionPolicy Static(int imageTokens, int textTokens) => new()
    {
        Name = "STP",
        Scorer = new ImportanceScorer(),
        Keep = new FixedCountRule(new Dictionary<Modality, int> { [Modality.Image] = imageTokens, [Modality.Text] = textTokens }),
        Reducer = new DropReducer(),
    };

    /// <summary>Whether choosing tokens takes their products with the learnable tokens; the alignment loss may need them all the same.</summary>
    public bool NeedsAlignment => Scorer.NeedsAlignment || Keep.NeedsAlignment;

    /// <summary>Tokens a layer must keep (or exceed, where the policy then keeps all).</summary>
    internal long Floor(ReductionContext context)
    {
        if (BelowFloor == BelowFloor.KeepFloor)
        {
            return MinKeep;
        }

        // The released text encoder of CLIP refuses to go below the batch's largest end-of-text position.
        return context.Attended.EndOfText is { } end ? end.max().item<long>() + 2 : Math.Max(MinKeep, context.Encoder.ReleasedFloor);
    }
}

/// <summary>All that the parts of a policy may look at in one block. N counts the tokens that may be pruned, without the class token.</summary>
/// <param name="Encoder">The encoder the block belongs to.</param>
/// <param name="Layer">The block's index, from 0.</param>
/// <param name="Attended">Tokens after the attention residual, <c>[B, N + 1, D]</c>.</param>
/// <param name="Attention">What the attention saw.</param>
public sealed record ReductionContext(ReducibleEncoder Encoder, int Layer, TokenState Attended, SelfAttentionRecord Attention)
{
    /// <summary>T, the temperature of the learnable threshold.</summary>
    public double Temperature { get; init; }

    /// <summary>R, raw alignment scores (<c>[B, N, K]</c>); null without alignment guidance.</summary>
    public Tensor? RawAlignment { get; init; }

    /// <summary>A, alignment maps (eq. 2), <c>[B, K, N]</c>; null without alignment guidance.</summary>
    public Tensor? AlignmentMaps { get; init; }

    /// <summary>1 for tokens that are real, 0 for padding, <c>[B, N]</c>; null when all are real or padding is not told apart.</summary>
    public Tensor? Real { get; init; }

    /// <summary>Tokens that must stay, <c>[B, N]</c> bool; null when none is special.</summary>
    public Tensor? Protected { get; init; }

    /// <summary>Row of the token that stands for the sequence in each sample, <c>[B]</c> int64; null for row 0.</summary>
    public Tensor? SummaryRow { get; init; }

    /// <summary>N.</summary>
    public int Candidates => Attended.Length - 1;
}

/// <summary>First part of a policy: how much does each token matter?</summary>
public interface ITokenScorer
{
    /// <summary>Scores the N tokens that may be pruned, <c>[B, N]</c>; higher stays, and +∞ stays whatever the counts say.</summary>
    ImportanceScores Score(ReductionContext context);

    /// <summary>Whether it reads the tokens' products with the learnable tokens.</summary>
    bool NeedsAlignment => false;
}

/// <summary>Second part of a policy: how many tokens does each sample keep?</summary>
public interface IKeepRule
{
    /// <summary>Decides from the importance.</summary>
    KeepDecision Decide(ImportanceScores importance, ReductionContext context);

    /// <summary>False where the rule keeps everything at this temperature, so that scoring can be left out.</summary>
    bool IsActive(double temperature) => true;

    /// <summary>Whether it reads the tokens' products with the learnable tokens.</summary>
    bool NeedsAlignment => false;
}

/// <summary>How many tokens each sample wants to keep, before the batch layout reconciles them.</summary>
/// <param name="Counts">Tokens to keep of the N candidates, <c>[B]</c> int64.</param>
/// <param name="Thresholds">One threshold per learnable token, <c>[B, K]</c>; null for rules without one.</param>
/// <param name="Threshold">θ, <c>[B]</c>; null for rules without one.</param>
public sealed record KeepDecision(Tensor Counts, Tensor? Thresholds = null, Tensor? Threshold = null);

/// <summary>Third part of a policy: what becomes of the tokens that do not stay.</summary>
public interface ITokenReducer
{
    /// <summary>True where the pruned tokens come back as one; a block then has nothing to gain from pruning a single token.</summary>
    bool AddsToken { get; }

    /// <summary>Builds the shorter sequence.</summary>
    TokenState Reduce(TokenState tokens, ImportanceScores importance, TokenSelection selection, ReductionContext context, ReductionPolicy policy);
}

/// <summary>How samples that would keep different numbers of tokens share one batch (Table 4, "operation").</summary>
public enum BatchLayout
{
    /// <summary>Every sample keeps as many tokens as the one that keeps most (released). A sample's output depends on its batch mates.</summary>
    MaxKeep,

    /// <summary>Every sample keeps the mean number.</summary>
    MeanKeep,

    /// <summary>Every sample keeps its own number; shorter ones are padded and masked. Output is the same alone or in any batch.</summary>
    PerInstance,
}

/// <summary>What happens in a layer that would keep too few tokens.</summary>
public enum BelowFloor
{
    /// <summary>The layer keeps all its tokens (released).</summary>
    KeepAll,

    /// <summary>The layer keeps as many as the floor says.</summary>
    KeepFloor,
}

/// <summary>Order of the kept tokens. The released code leaves it to an unsorted top-k; it matters wherever position does.</summary>
public enum TokenOrder
{
    /// <summary>Ascending original position. The kit's own order, and the only one for new work.</summary>
    Position,

    /// <summary>Descending importance (the reference tensors tagged <c>.sorted</c>).</summary>
    Importance,

    /// <summary>Ascending position with the least important kept token last, as the CUDA top-k leaves them (tagged <c>.cuda</c>).</summary>
    LeastImportantLast,

    /// <summary>Whatever the unsorted top-k of the tokens' device returns, as in the released code: other devices, other orders.</summary>
    Library,

    /// <summary>What a CPU's unsorted top-k returns, on whatever device. Only for tensors that were recorded that way.</summary>
    LibraryOnCpu,
}

/// <summary>How the padding mask goes through pruning.</summary>
public enum MaskCarry
{
    /// <summary>Every token keeps its own mask; the merged token is valid.</summary>
    WithTokens,

    /// <summary>As the released code does for this encoder (see <see cref="Models.MaskGather"/>), misplaced masks included.</summary>
    Released,
}
