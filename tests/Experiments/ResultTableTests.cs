using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class ResultTableTests
{
    [Fact]
    public void Every_result_is_a_row_and_numbers_are_rounded()
    {
        var frame = ResultTable.Of(new[] { ("MADTP", 0.95832, 200), ("STP", 0.5, 7) })
            .Text("method", row => row.Item1)
            .Number("test %", row => 100 * row.Item2)
            .Number("share", row => row.Item2, digits: 2)
            .Count("pairs", row => row.Item3)
            .ToFrame();
        Assert.Equal(["method", "test %", "share", "pairs"], frame.Columns.Select(column => column.Name));
        Assert.Equal(["MADTP", 95.8, 0.96, 200], frame.Rows[0]);
        Assert.Equal(["STP", 50.0, 0.5, 7], frame.Rows[1]);
    }

    [Fact]
    public void What_is_not_known_stays_empty_and_nothing_is_minus_zero()
    {
        var column = ResultTable.Of(new double?[] { null, -0.01 }).Number("Δ", value => value).ToFrame()["Δ"];
        Assert.Null(column[0]);
        Assert.False(double.IsNegative((double)column[1]!));
    }
}
