using System.Globalization;
using System.Text.Json;

namespace Madtp.Kit.Experiments;

/// <summary>A table of the paper, number by number. GFLOPs are multiply-accumulates in 10⁹.</summary>
/// <param name="Task">What it is about.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Rows">Its rows.</param>
public sealed record PaperTable(string Task, IReadOnlyList<string> Columns, IReadOnlyList<PaperRow> Rows)
{
    private static readonly Lazy<IReadOnlyDictionary<int, PaperTable>> Tables = new(Read);

    /// <summary>
    /// A table by its number.
    /// </summary>
    /// <param name="number">2 to 7.</param>
    /// <exception cref="ArgumentOutOfRangeException">The paper's results are in Tables 2 to 7.</exception>
    public static PaperTable Of(int number) => Tables.Value.TryGetValue(number, out var table)
        ? table
        : throw new ArgumentOutOfRangeException(nameof(number), number, "the paper's results are in Tables 2 to 7");

    /// <summary>The row whose columns have the given values; null where the paper has none.</summary>
    public PaperRow? Row(params (string Column, object? Value)[] wanted) =>
        Rows.FirstOrDefault(row => wanted.All(cell => Equals(row.Cells[cell.Column], cell.Value)));

    private static Dictionary<int, PaperTable> Read()
    {
        using var stream = typeof(PaperTable).Assembly.GetManifestResourceStream("Madtp.Kit.Tables.paper-tables.json")!;
        using var json = JsonDocument.Parse(stream);
        return json.RootElement.EnumerateObject().ToDictionary(table => int.Parse(table.Name[5..], CultureInfo.InvariantCulture), table =>
        {
            string[] columns = [.. table.Value.GetProperty("columns").EnumerateArray().Select(column => column.GetString()!)];
            return new PaperTable(table.Value.GetProperty("task").GetString()!, columns, [.. table.Value.GetProperty("rows").EnumerateArray().Select(row => Row(columns, row))]);
        });
    }

    private static PaperRow Row(string[] columns, JsonElement row) => new(columns.Zip(row.EnumerateArray()).ToDictionary(cell => cell.First, cell => cell.Second.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => (object?)cell.Second.GetDouble(),
        _ => cell.Second.GetString(),
    }));
}
