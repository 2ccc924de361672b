
namespace Madtp.Kit.Experiments;

/// <summary>
/// The grids behind the paper's tables, at the current <see cref="Scale"/>. At toy scale three seeds each; at the paper's one, as in
/// the paper, with its data sets, ratios and sizes.
/// </summary>
public static class PaperGrids
{
    private static readonly Dictionary<string, Func<ExperimentScale, Grid>> Tables = new(StringComparer.Ordinal)
    {
        ["table2"] = Rivals,
        ["table3"] = Components,
        ["table4"] = Sizes,
        ["table5"] = scale => Retrieval(scale, "clip", "MADTP", "STP", Methods.UPop),
        ["table6"] = scale => Retrieval(scale, "retrieval", "MADTP", "STP", Methods.UPop),
        ["table7"] = Language,
    };

    /// <summary>What <c>./kit sweep</c> calls the grids.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Tables.Keys];

    /// <summary>Table 2 and Figure 1: MADTP and its rivals on NLVR2 at several budgets.</summary>
    public static Grid Table2 => Of("table2", Scale.Current);

    /// <summary>Table 3: MADTP's components at half of the multiply-accumulates, and the uncompressed model that they are compared with.</summary>
    public static Grid Table3 => Of("table3", Scale.Current);

    /// <summary>Table 4: K, d_k and the keep operation, at half of the multiply-accumulates. In the toy world K and d_k are to its model's 64 as the paper's are to 100 and 768.</summary>
    public static Grid Table4 => Of("table4", Scale.Current);

    /// <summary>Table 5: CLIP retrieval at half and a quarter of the multiply-accumulates.</summary>
    public static Grid Table5 => Of("table5", Scale.Current);

    /// <summary>Table 6: BLIP retrieval, likewise.</summary>
    public static Grid Table6 => Of("table6", Scale.Current);

    /// <summary>Table 7: captioning and VQA at half and a quarter of the multiply-accumulates.</summary>
    public static Grid Table7 => Of("table7", Scale.Current);

    /// <summary>All grids by name.</summary>
    public static IReadOnlyDictionary<string, Grid> All => Names.ToDictionary(name => name, name => Of(name, Scale.Current));

    /// <summary>A grid at a scale.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="scale">The scale.</param>
    /// <exception cref="ArgumentException">There is no such grid.</exception>
    public static Grid Of(string name, ExperimentScale scale) => Tables.TryGetValue(name, out var grid)
        ? grid(scale)
        : throw new ArgumentException($"there is no grid '{name}'; there are {string.Join(", ", Names)}", nameof(name));

    private static Grid Rivals(ExperimentScale scale) => Baseline(scale, "nlvr2").And(Seeded(scale, Grid.Of(Scale.Experiment("nlvr2", scale))
        .Vary((e, method) => e with { Method = method }, [.. Methods.Rivals.Select(method => method.Name)])
        .Vary((e, ratio) => e with { ReduceRatio = ratio }, IsPaper(scale) ? new[] { 0.3, 0.5, 0.6, 0.7, 0.8 } : [0.3, 0.5, 0.7, 0.8])));

    private static Grid Components(ExperimentScale scale) => Baseline(scale, "nlvr2").And(Seeded(scale, Grid.Of(Halved(scale, "nlvr2"))
        .Vary((e, method) => e with { Method = method }, "TIS only S_self", "TIS only S_token", "TIS only S_cls", "w/o MAG", "w/o DTP", "MADTP")));

    private static Grid Sizes(ExperimentScale scale)
    {
        var half = Grid.Of(Halved(scale, "nlvr2"));
        return Baseline(scale, "nlvr2").And(Seeded(scale, half.Vary((e, k) => e with { LearnableTokens = k }, IsPaper(scale) ? new[] { 50, 100, 150, 200 } : [32, 64, 96, 128])
            .And(half.Vary((e, width) => e with { AlignmentWidth = width }, IsPaper(scale) ? new[] { 256, 512, 768, 1024 } : [16, 32, 64, 96]))
            .And(half.Vary((e, method) => e with { Method = method }, "mean-keep", "max-keep"))));
    }

    private static Grid Retrieval(ExperimentScale scale, string subject, params string[] methods) =>
        Joined((IsPaper(scale) ? new[] { $"{subject}-flickr30k", subject } : [subject]).Select(one => Baseline(scale, one).And(Seeded(scale, Grid.Of(Scale.Experiment(one, scale))
            .Vary((e, method) => e with { Method = method }, methods)
            .Vary((e, ratio) => e with { ReduceRatio = ratio }, 0.5, 0.75)))));

    private static Grid Language(ExperimentScale scale) =>
        Joined(new[] { "caption", "vqa" }.Select(subject => Baseline(scale, subject).And(Seeded(scale, Grid.Of(Scale.Experiment(subject, scale))
            .Vary((e, method) => e with { Method = method }, "MADTP", Methods.UPop)
            .Vary((e, ratio) => e with { ReduceRatio = ratio }, 0.5, 0.75)))));

    private static bool IsPaper(ExperimentScale scale) => scale == ExperimentScale.Paper;

    private static Experiment Halved(ExperimentScale scale, string subject) => Scale.Experiment(subject, scale) with { ReduceRatio = 0.5 };

    private static Grid Baseline(ExperimentScale scale, string subject) => Seeded(scale, Grid.Of(Scale.Experiment(subject, scale) with { Method = Methods.Uncompressed }));

    private static Grid Seeded(ExperimentScale scale, Grid grid) => grid.Vary((e, seed) => e with { Seed = seed }, Scale.SeedsAt(scale));

    private static Grid Joined(IEnumerable<Grid> grids) => grids.Aggregate((all, one) => all.And(one));
}
