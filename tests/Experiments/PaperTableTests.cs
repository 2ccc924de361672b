using System.Text.Json;
using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class PaperTableTests
{
    [Fact]
    public void The_headline_number_is_there()
    {
        var row = PaperTable.Of(2).Row(("approach", "MADTP"), ("ratio", 0.5))!;
        Assert.Equal((82.85, 66.16), (row.Number("test_acc"), row.Number("gflops")));
        Assert.Null(PaperTable.Of(2).Row(("approach", "Uncompressed"))!.Number("ratio"));
    }

    [Fact]
    public void Every_number_is_the_specifications()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(KitPaths.Shared("spec", "paper-tables.json")));
        for (var number = 2; number <= 7; number++)
        {
            var wanted = json.RootElement.GetProperty($"table{number}");
            var table = PaperTable.Of(number);
            Assert.Equal(wanted.GetProperty("columns").EnumerateArray().Select(c => c.GetString()), table.Columns);
            var rows = wanted.GetProperty("rows").EnumerateArray().Select(row => row.EnumerateArray().Select(Value).ToArray()).ToArray();
            Assert.Equal(rows, table.Rows.Select(row => table.Columns.Select(column => row.Cells[column]).ToArray()));
        }
    }

    [Fact]
    public void Tables_without_results_are_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => PaperTable.Of(1));

    private static object? Value(JsonElement cell) => cell.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => cell.GetDouble(),
        _ => cell.GetString(),
    };
}
