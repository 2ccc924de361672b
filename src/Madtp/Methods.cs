using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using Madtp.Kit.Text;

namespace Madtp.Kit.Madtp;

/// <summary>Every method by its one name: MADTP, its ablations, its rivals. Tables, sweeps, commands and notebooks read it; a
/// rival is one file in Rivals and one line here.</summary>
public static class Methods
{
    public const string Uncompressed = "Uncompressed";
    public const string UPop = "UPop";
    private const double PaperAlignmentWeight = 0.1;

    private static ReductionPolicy Ours => ReductionPolicy.Fixed;

    /// <summary>MADTP and what it is compared with (Table 2, Figure 1, and rivals that the paper leaves out).</summary>
    public static IReadOnlyList<Method> Rivals { get; } =
    [
        Aligned(PruningMethod.Madtp,
            "importance by class, self and alignment attention; learnable threshold; merging; every sample its own number of "
                + "tokens"),
        Fixed("STP", keep => StaticPruning.Policy(keep),
            "static pruning: every layer removes the same number of its least important tokens"),
        Fixed("EViT", keep => Evit.Policy(keep), "class attention ranks the tokens, the others are fused into one"),
        Fixed("ToMe", keep => ToMe.Policy(keep),
            "the most similar tokens of two halves are merged; attention counts a token by its size"),
        Aligned(PruningMethod.ByKeepRatio("CrossGET-style", keep => CrossGet.Policy(keep)),
            "tokens are matched as in ToMe, guided by how much they matter to the other modality"),
        Fixed("Random", keep => RandomPruning.Policy(keep), "tokens are drawn by lot"),
        new Method(UPop, null) { PrunesParameters = true,
            About = "unified progressive pruning of heads' dimensions and feed-forward widths, in all encoders and decoders" },
    ];

    /// <summary>MADTP with parts taken out or exchanged (Tables 3 and 4), and the released code's peculiarities one at a
    /// time.</summary>
    private static IEnumerable<Method> Ablations =>
    [
        Madtp("TIS only S_self", Only(ScoreParts.Self), "importance by self attention alone"),
        Madtp("TIS only S_token", Only(ScoreParts.Alignment), "importance by alignment attention alone"),
        Madtp("TIS only S_cls", Only(ScoreParts.Class), "importance by class attention alone"),
        Madtp("w/o MAG", Ours with
        {
            Scorer = new ImportanceScorer { Parts = ScoreParts.Class | ScoreParts.Self }, Keep = new MeanThresholdRule(),
        }, "no alignment guidance: class and self attention, a threshold at a multiple of their mean")
            with { AlignmentWeight = 0 },
        Aligned(PruningMethod.ByKeepRatio("w/o DTP", keep => StaticPruning.Policy(keep)),
            "alignment guidance, but the same number of tokens for every sample"),
        Madtp("max-keep", Ours with { Layout = BatchLayout.MaxKeep }, "a batch keeps as many tokens as its neediest sample"),
        Madtp("mean-keep", Ours with { Layout = BatchLayout.MeanKeep }, "a batch keeps the mean of its samples' numbers"),
        Madtp("softmax threshold", Ours with { Keep = new LearnableThresholdRule(Softmax: true) },
            "the released code's softmax in place of sparsemax"),
        Madtp("drop", Ours with { Reducer = new DropReducer() }, "pruned tokens are dropped, not merged"),
        Fixed("EViT (images only)", keep => Evit.Policy(keep, textKeepRatio: 1),
            "as its authors made it, for images: text keeps all tokens"),
        Aligned(PruningMethod.ByTemperature(ReductionPolicy.Paper), "as the paper writes it: max-keep batches"),
        Aligned(PruningMethod.ByTemperature(ReductionPolicy.Released), "the authors' code, its defects included"),
    ];

    /// <summary>MADTP with one claim of the paper undone and all else alike: guidance that has learned nothing or from other
    /// pairs' texts, numbers of tokens that do not belong to the picture, thresholds and losses in the simplest form. What equals
    /// its control is not the reason.</summary>
    public static IReadOnlyList<Method> Controls { get; } =
    [
        Madtp("frozen guidance", Ours, "learnable tokens and maps stay random, no alignment loss")
            with { Guidance = GuidanceTraining.Frozen, AlignmentWeight = 0 },
        Madtp("shuffled texts", Ours, "the alignment loss compares a pair's images with another pair's text")
            with { Guidance = GuidanceTraining.ShuffledTexts },
        Madtp("negatives", Ours, "the alignment loss tells a pair's text from all others of the batch")
            with { Guidance = GuidanceTraining.Negatives },
        Madtp("w/o L_sim", Ours, "no alignment loss: guidance learns through the merging weights alone")
            with { AlignmentWeight = 0 },
        Madtp("one count for all", Shared(permuted: false),
            "in each layer every sample keeps the mean share that the threshold gives its batch"),
        Madtp("counts permuted", Shared(permuted: true),
            "in each layer every sample keeps the share that the threshold gives another"),
        Madtp("mean threshold", Ours with { Keep = new MeanThresholdRule() },
            "all three scores, a threshold at a multiple of their mean"),
    ];

    public static IReadOnlyList<Method> All { get; } =
    [
        new Method(Uncompressed, null) { About = "the plain model, fine-tuned like the others" },
        .. Rivals, .. Ablations, .. Controls,
    ];

    /// <summary>The method of a name; case, spaces and signs do not matter, so that "madtp-released" is "MADTP
    /// (released)".</summary>
    /// <exception cref="ArgumentException">There is none; the message names those there are.</exception>
    public static Method Of(string name) => Named(name, All);

    /// <summary>The same, for what only takes tokens out.</summary>
    /// <exception cref="ArgumentException">There is none, or it takes no tokens out; the message names those that do.</exception>
    public static Method Tokens(string name) => Named(name, [.. All.Where(method => method.Pruning is not null)]);

    private static Method Named(string name, IReadOnlyList<Method> methods)
    {
        const int most = 3; // letters that set a name apart from the one that is meant
        var given = Letters(name);
        int Away(Method method) => StateDictionary.Distance(given, Letters(method.Name));
        var near = methods.MinBy(Away)!;
        var meant = Away(near) <= Math.Min(most, given.Length / 2) ? $" (did you mean {near.Name}?)" : string.Empty;
        return methods.FirstOrDefault(method => Letters(method.Name) == given) ?? throw new ArgumentException(
            $"there is no method {Printable.Quoted(name)} here{meant}; "
                + $"there are {string.Join(", ", methods.Select(method => method.Name))}",
            nameof(name));
    }

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToUpperInvariant();

    private static Method Aligned(PruningMethod pruning, string about) =>
        new(pruning.Name, pruning) { AlignmentWeight = PaperAlignmentWeight, About = about };

    private static Method Fixed(string name, Func<double, ReductionPolicy> policy, string about) =>
        new(name, PruningMethod.ByKeepRatio(name, policy)) { About = about };

    private static Method Madtp(string name, ReductionPolicy policy, string about) =>
        Aligned(PruningMethod.ByTemperature(policy with { Name = name }), about);

    private static ReductionPolicy Only(ScoreParts parts) =>
        Ours with { Scorer = new ImportanceScorer { Parts = parts } };

    private static ReductionPolicy Shared(bool permuted) =>
        Ours with { Keep = new SharedCountRule(Ours.Keep, permuted) };
}

/// <summary>A method as a row of a table has it: what prunes, and how strongly alignment is trained beside it.</summary>
/// <param name="Pruning">The token reduction; null for a method that takes no tokens out.</param>
public sealed record Method(string Name, PruningMethod? Pruning)
{
    /// <summary>α, weight of the alignment loss; 0 for methods without alignment guidance.</summary>
    public double AlignmentWeight { get; init; }

    public GuidanceTraining Guidance { get; init; }

    /// <summary>Whether parameters are pruned instead of tokens.</summary>
    public bool PrunesParameters { get; init; }

    /// <summary>Whether it is run in each of the paper's tables, not only where the paper has it: for a rival of one's
    /// own.</summary>
    public bool InEveryTable { get; init; }

    /// <summary>What it does, in a sentence.</summary>
    public required string About { get; init; }

    /// <summary>Insists that it can take away a share of the multiply-accumulates; null or 0 for none.</summary>
    /// <exception cref="ArgumentException">It is the plain model, which takes nothing away.</exception>
    public void RequireReducing(double? ratio) => Guard.Argument(ratio is not > 0 || Pruning is not null || PrunesParameters,
        $"'{Name}' takes nothing away: leave the reduce ratio out, or name another method");
}

/// <summary>A method as experiments compare it: token reduction with one strength that its cost depends on, so that every method
/// can be brought to the same budget. MADTP's strength is the temperature T, that of the methods with fixed counts the keep
/// ratio.</summary>
/// <param name="StrengthIs"><see cref="Temperature"/> or <see cref="KeepRatio"/>.</param>
/// <param name="Policy">The policy at a strength's value; for a temperature always the same.</param>
public sealed record PruningMethod(string Name, string StrengthIs, Func<double, ReductionPolicy> Policy)
{
    public const string Temperature = "temperature";
    public const string KeepRatio = "keep ratio";

    /// <summary>The values a calibration looks at.</summary>
    public CalibrationSettings Range { get; init; } = new();

    /// <summary>The kit's MADTP.</summary>
    public static PruningMethod Madtp { get; } = ByTemperature(ReductionPolicy.Fixed);

    /// <summary>A policy whose keep rule reads the temperature.</summary>
    public static PruningMethod ByTemperature(ReductionPolicy policy) =>
        new(policy.Name, Temperature, _ => policy);

    /// <summary>A policy for each keep ratio between 0.02 and 1.</summary>
    public static PruningMethod ByKeepRatio(string name, Func<double, ReductionPolicy> policy) => new(name, KeepRatio, policy)
    {
        // The cost moves in whole tokens: once the ratio is known to 0.01%, halving on finds nothing between two costs.
        Range = new CalibrationSettings { Lowest = 0.02, Highest = 1, MaxBisections = 13 },
    };

    /// <summary>The method with its strength at a value.</summary>
    public PruningSetting At(double strength) => new(Name, Policy(strength), strength);

    /// <summary>Turns the strength until the cost is what is wanted, as near as can be: <see cref="CalibrationResult.Reached"/>
    /// of the setting's calibration tells.</summary>
    /// <param name="cost">What a setting costs, mean over examples that stay the same.</param>
    /// <exception cref="ArgumentException">The target is not positive.</exception>
    public PruningSetting Calibrate(Func<PruningSetting, double> cost, double target)
    {
        var found = BudgetSearch.Find(strength => cost(At(strength)), target, Range);
        return At(found.Value) with { Calibration = found };
    }

    /// <summary>Sets the strength of an attached reduction.</summary>
    public void Turn(TokenReduction reduction, double strength)
    {
        reduction.Policy = Policy(strength);
        reduction.Temperature = strength;
    }
}

/// <summary>A method with its strength set: what is compared at one budget.</summary>
/// <param name="Strength">The temperature or the keep ratio, as <see cref="PruningMethod.StrengthIs"/> says.</param>
public sealed record PruningSetting(string Name, ReductionPolicy Policy, double Strength)
{
    /// <summary>How the strength was found; null where it was chosen.</summary>
    public CalibrationResult? Calibration { get; init; }

    /// <summary>Attaches it to a model that is trained: no features are gathered for L_sim. Dispose the handle to have the plain
    /// model back.</summary>
    /// <exception cref="InvalidOperationException">A reduction is attached to the model already.</exception>
    public TokenReduction Attach(IReducibleModel model)
    {
        var reduction = TokenReduction.Attach(model, Policy, Strength);
        reduction.GatherFeatures = false;
        return reduction;
    }
}
