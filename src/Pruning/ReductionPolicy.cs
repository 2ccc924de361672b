using Madtp.Kit.Models;

namespace Madtp.Kit.Pruning;

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
