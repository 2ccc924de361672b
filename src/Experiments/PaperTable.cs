using Madtp.Kit.Madtp;

namespace Madtp.Kit.Experiments;

/// <summary>A table of the paper: what it prints, number by number (GFLOPs are multiply-accumulates in 10⁹), and the experiments
/// behind ours. At toy scale three seeds each; at the paper's one, as in it, with its data sets, ratios and sizes.</summary>
public sealed class PaperTable
{
    private static readonly Lazy<JsonElement> Printed = new(() =>
    {
        using var stream = typeof(PaperTable).Assembly.GetManifestResourceStream("Madtp.Kit.Tables.paper-tables.json")!;
        return JsonDocument.Parse(stream).RootElement;
    });

    private readonly ExperimentScale scale;

    private PaperTable(int number, ExperimentScale scale)
    {
        var table = Printed.Value.GetProperty($"table{number}");
        this.scale = scale;
        Columns = [.. table.GetProperty("columns").EnumerateArray().Select(column => column.GetString()!)];
        Rows = [.. table.GetProperty("rows").EnumerateArray().Select(row =>
            new PaperRow(Columns.Zip(row.EnumerateArray()).ToDictionary(cell => cell.First, cell => Value(cell.Second))))];
    }

    /// <summary>The numbers of the paper's tables that have results.</summary>
    public static IReadOnlyList<int> Numbers { get; } = [2, 3, 4, 5, 6, 7];

    public IReadOnlyList<string> Columns { get; }

    public IReadOnlyList<PaperRow> Rows { get; }

    /// <summary>The default experiment of each of its tasks: one, or one for each data set; nothing is taken away yet.</summary>
    public required IReadOnlyList<Experiment> Tasks { get; init; }

    /// <summary>Names in <see cref="Methods"/> of what is compared: the paper's, and what stands in every table.</summary>
    public required IReadOnlyList<string> Approaches { get; init; }

    public IReadOnlyList<double> Ratios { get; init; } = [0.5];

    /// <summary>K's that MADTP is run with, in Table 4. Toy ones are to the model's 64 as the paper's are to 100.</summary>
    public IReadOnlyList<int> LearnableTokens { get; init; } = [];

    /// <summary>d_k's that MADTP is run with, in Table 4. Toy ones are to the model's 64 as the paper's are to 768.</summary>
    public IReadOnlyList<int> AlignmentWidths { get; init; } = [];

    /// <summary>The experiments: of each task the uncompressed model, then all methods at all ratios, with all seeds.</summary>
    public Grid Grid => Tasks.Select(Of).Aggregate((all, one) => all.And(one))
        .Vary((e, seed) => e with { Seed = seed }, Scale.SeedsAt(scale));

    /// <summary>A table by its number.</summary>
    /// <param name="number">2 to 7.</param>
    /// <param name="at">The scale of our experiments; the current one if null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The paper's results are in Tables 2 to 7.</exception>
    public static PaperTable Of(int number, ExperimentScale? at = null) => Of(number, at ?? Scale.Current, Methods.Rivals);

    internal static PaperTable Of(int number, ExperimentScale scale, IReadOnlyList<Method> rivals)
    {
        var isPaper = scale == ExperimentScale.Paper;
        Experiment[] Defaults(params string[] subjects) => [.. subjects.Select(subject => Scale.Experiment(subject, scale))];
        Experiment[] Retrieval(string subject) => isPaper ? Defaults($"{subject}-flickr30k", subject) : Defaults(subject);
        string[] Compared(params string[] own) =>
            [.. own.Union(rivals.Where(rival => rival.InEveryTable).Select(rival => rival.Name))];
        return number switch
        {
            2 => new(2, scale)
            {
                Tasks = Defaults("nlvr2"), Approaches = [.. rivals.Select(method => method.Name)],
                Ratios = isPaper ? [0.3, 0.5, 0.6, 0.7, 0.8] : [0.3, 0.5, 0.7, 0.8],
            },
            3 => new(3, scale)
            {
                Tasks = Defaults("nlvr2"),
                Approaches = Compared("TIS only S_self", "TIS only S_token", "TIS only S_cls", "w/o MAG", "w/o DTP", "MADTP"),
            },
            4 => new(4, scale)
            {
                Tasks = Defaults("nlvr2"), Approaches = Compared("mean-keep", "max-keep", "MADTP"),
                LearnableTokens = isPaper ? [50, 100, 150, 200] : [32, 64, 96, 128],
                AlignmentWidths = isPaper ? [256, 512, 768, 1024] : [16, 32, 64, 96],
            },
            5 or 6 => new(number, scale)
            {
                Tasks = Retrieval(number == 5 ? "clip" : "retrieval"),
                Approaches = Compared("MADTP", "STP", Methods.UPop), Ratios = [0.5, 0.75],
            },
            7 => new(7, scale)
            {
                Tasks = Defaults("caption", "vqa"), Approaches = Compared(Methods.UPop, "MADTP"), Ratios = [0.5, 0.75],
            },
            _ => throw new ArgumentOutOfRangeException(nameof(number), number, "the paper's results are in Tables 2 to 7"),
        };
    }

    /// <summary>Table 2 in the world with decoys, on corpus A: the uncompressed model, and every rival at every ratio of the
    /// paper, with three seeds.</summary>
    public static Grid Decoys => Grid.Of(Decoy(Methods.Uncompressed, 0))
        .And(Grid.Of([.. from ratio in DecoyRatios from rival in Methods.Rivals select Decoy(rival.Name, ratio)]))
        .Vary((e, seed) => e with { Seed = seed }, Scale.SeedsAt(ExperimentScale.Toy));

    /// <summary>The ratios of <see cref="Decoys"/>.</summary>
    public static IReadOnlyList<double> DecoyRatios { get; } = [0.3, 0.5, 0.6, 0.7, 0.8];

    /// <summary>An experiment of <see cref="Decoys"/>, with seed 1. K is the least of 24, 48 and 144, for 144 patches, with which
    /// eq. 9 reaches the ratio.</summary>
    /// <param name="ratio">The reduce ratio; 0 takes nothing away.</param>
    public static Experiment Decoy(string method, double ratio) => Question.Arm(
        ExperimentTask.Of("toy-decoys-a").Default with { ReduceRatio = ratio }, method,
        ratio < 0.5 ? 144 : ratio < 0.6 ? 48 : 24);

    /// <summary>The row whose columns have the given values; null where the paper has none.</summary>
    public PaperRow? Row(params (string Column, object? Value)[] wanted) =>
        Rows.FirstOrDefault(row => wanted.All(cell => Equals(row.Cells[cell.Column], cell.Value)));

    private Grid Of(Experiment plain)
    {
        var sized = LearnableTokens.Select(k => plain with { LearnableTokens = k })
            .Concat(AlignmentWidths.Select(width => plain with { AlignmentWidth = width }));
        var methods = Approaches.Select(method => plain with { Method = method });
        var reduced = Grid.Of([.. sized, .. methods]).Vary((e, ratio) => e with { ReduceRatio = ratio }, [.. Ratios]);
        return Grid.Of(plain with { Method = Methods.Uncompressed }).And(reduced);
    }

    private static object? Value(JsonElement cell) => cell.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => cell.GetDouble(),
        _ => cell.GetString(),
    };
}

/// <summary>A row of one of the paper's tables.</summary>
/// <param name="Cells">Text and numbers by column; null where the paper prints nothing.</param>
public sealed record PaperRow(IReadOnlyDictionary<string, object?> Cells)
{
    /// <summary>A column's text.</summary>
    public string Text(string column) => (string)Cells[column]!;

    /// <summary>A column's number; null where the paper prints nothing.</summary>
    public double? Number(string column) => (double?)Cells[column];
}
