namespace Madtp.Kit.Experiments;

/// <summary>The grids behind the paper's tables, at toy scale: three seeds each.</summary>
public static class PaperGrids
{
    private static readonly long[] Seeds = [1, 2, 3];

    /// <summary>Table 2 and Figure 1: MADTP and its rivals on NLVR2 at four budgets.</summary>
    public static Grid Table2 { get; } = Baseline("toy-nlvr2").And(Grid.Of(new Experiment())
        .Vary((e, method) => e with { Method = method }, [.. Methods.Rivals.Select(method => method.Name)])
        .Vary((e, ratio) => e with { ReduceRatio = ratio }, 0.3, 0.5, 0.7, 0.8)
        .Vary((e, seed) => e with { Seed = seed }, Seeds));

    /// <summary>Table 3: MADTP's components at half of the multiply-accumulates.</summary>
    public static Grid Table3 { get; } = Grid.Of(new Experiment { ReduceRatio = 0.5 })
        .Vary((e, method) => e with { Method = method }, "TIS only S_self", "TIS only S_token", "TIS only S_cls", "w/o MAG", "w/o DTP", "MADTP")
        .Vary((e, seed) => e with { Seed = seed }, Seeds);

    /// <summary>Table 4: K, d_k and the keep operation, at half of the multiply-accumulates. K and d_k are to the toy model's 64 as the paper's are to 100 and 768.</summary>
    public static Grid Table4 { get; } = Grid.Of(new Experiment { ReduceRatio = 0.5 })
        .Vary((e, k) => e with { LearnableTokens = k }, 32, 64, 96, 128)
        .And(Grid.Of(new Experiment { ReduceRatio = 0.5 }).Vary((e, width) => e with { AlignmentWidth = width }, 16, 32, 64, 96))
        .And(Grid.Of(new Experiment { ReduceRatio = 0.5 }).Vary((e, method) => e with { Method = method }, "mean-keep", "max-keep"))
        .Vary((e, seed) => e with { Seed = seed }, Seeds);

    /// <summary>Table 5: CLIP retrieval at half and a quarter of the multiply-accumulates.</summary>
    public static Grid Table5 { get; } = Halved("toy-clip", "MADTP", "STP");

    /// <summary>Table 6: BLIP retrieval, likewise.</summary>
    public static Grid Table6 { get; } = Halved("toy-retrieval", "MADTP");

    /// <summary>Table 7: captioning and VQA at half of the multiply-accumulates.</summary>
    public static Grid Table7 { get; } = Seeded("toy-caption").And(Seeded("toy-vqa"));

    /// <summary>All grids by the name <c>./kit sweep</c> knows them by.</summary>
    public static IReadOnlyDictionary<string, Grid> All { get; } = new Dictionary<string, Grid>
    {
        ["table2"] = Table2,
        ["table3"] = Table3,
        ["table4"] = Table4,
        ["table5"] = Table5,
        ["table6"] = Table6,
        ["table7"] = Table7,
    };

    private static Grid Baseline(string task) => Grid.Of(new Experiment { Task = task, Method = Methods.Uncompressed }).Vary((e, seed) => e with { Seed = seed }, Seeds);

    private static Grid Halved(string task, params string[] methods) => Baseline(task).And(Grid.Of(new Experiment { Task = task })
        .Vary((e, method) => e with { Method = method }, methods)
        .Vary((e, ratio) => e with { ReduceRatio = ratio }, 0.5, 0.75)
        .Vary((e, seed) => e with { Seed = seed }, Seeds));

    private static Grid Seeded(string task) => Baseline(task).And(Grid.Of(new Experiment { Task = task, ReduceRatio = 0.5 }).Vary((e, seed) => e with { Seed = seed }, Seeds));
}
