using System.Xml.Linq;
using Madtp.Kit.Kernel.Formatting;
using Microsoft.Data.Analysis;
using Xunit;

namespace Madtp.Kit.Tests.Compat.DataAnalysis;

public class DataFrameTests
{
    [Fact]
    public void Cells_are_reached_by_name_row_and_place()
    {
        var frame = Runs();
        Assert.Equal(4, frame.Rows.Count);
        Assert.Equal("MADTP", frame["method"][0]);
        Assert.Equal(82.85, frame[0, 1]);
        Assert.Equal(3L, frame.Rows[3]["seed"]);
        Assert.Equal(["MADTP", 82.85, 1L], frame.Rows[0]);
        frame.Rows[0]["accuracy"] = 83;
        Assert.Equal(83.0, frame["accuracy"][0]);
        Assert.Null(frame["accuracy"][2]);
    }

    [Fact]
    public void Rows_are_sorted_and_what_is_missing_comes_last()
    {
        Assert.Equal([77.61, 81.9, 82.85, null], Runs().OrderBy("accuracy")["accuracy"].Cast<double?>());
        Assert.Equal([82.85, 81.9, 77.61, null], Runs().OrderByDescending("accuracy")["accuracy"].Cast<double?>());
        Assert.Equal([null, 77.61, 81.9, 82.85], Runs().OrderBy("accuracy", putNullValuesLast: false)["accuracy"].Cast<double?>());
        Assert.Equal(["MADTP", "MADTP", "STP", "STP"], Runs().OrderBy("method")["method"].Cast<string>());
    }

    [Fact]
    public void The_head_is_the_first_rows() => Assert.Equal([1L, 2L], Runs().Head(2)["seed"].Cast<long?>());

    [Fact]
    public void Columns_that_do_not_fit_are_refused()
    {
        var frame = Runs();
        Assert.Contains("'accuracy' has 4", Message(() => new DataFrame(frame["accuracy"], new StringDataFrameColumn("short", ["a"]))), StringComparison.Ordinal);
        Assert.Contains("'accuracy' already", Message(() => frame.Columns.Add(frame["accuracy"])), StringComparison.Ordinal);
        Assert.Contains("there are 'method', 'accuracy', 'seed'", Message(() => frame["nothing"]), StringComparison.Ordinal);
        frame["macs"] = new PrimitiveDataFrameColumn<double>("macs", new[] { 1.0, 2, 3, 4 });
        Assert.Equal(4, frame.Columns.Count);
    }

    [Fact]
    public void A_notebook_shows_a_table_whose_numbers_line_up()
    {
        var html = MimeBundle.From(Runs()).Values.Single(value => value.MimeType == "text/html").Value;
        var table = XElement.Parse(html);
        var head = table.Descendants("th").ToArray();
        Assert.Equal(["method", "accuracy", "seed"], head.Select(cell => cell.Value));
        Assert.Equal(["left", "right", "right"], head.Select(cell => cell.Attribute("align")!.Value));
        var accuracies = table.Descendants("tr").Skip(1).Select(row => row.Elements("td").ElementAt(1)).ToArray();
        Assert.Equal(["82.85", "81.90", "–", "77.61"], accuracies.Select(cell => cell.Value));
        Assert.All(accuracies, cell => Assert.Equal("right", cell.Attribute("align")!.Value));
    }

    [Fact]
    public void Words_in_a_table_are_words()
    {
        var html = MimeBundle.From(new DataFrame(new StringDataFrameColumn("<b>", ["a & <script>"]))).Values.Single(value => value.MimeType == "text/html").Value;
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.Equal("a & <script>", XElement.Parse(html).Descendants("td").Single().Value);
    }

    [Fact]
    public void Plain_text_lines_up_as_well()
    {
        var lines = Runs().ToString().TrimEnd().Split('\n');
        Assert.Equal("method  accuracy  seed", lines[0].TrimEnd());
        Assert.Equal("MADTP      82.85     1", lines[1].TrimEnd());
        Assert.Equal("STP            –     2", lines[3].TrimEnd());
    }

    private static string Message(Action action) => Assert.Throws<ArgumentException>(action).Message;

    private static string Message(Func<object> action) => Message(() => { action(); });

    private static DataFrame Runs() => new(
        new StringDataFrameColumn("method", ["MADTP", "MADTP", "STP", "STP"]),
        new PrimitiveDataFrameColumn<double>("accuracy", [82.85, 81.9, null, 77.61]),
        new PrimitiveDataFrameColumn<long>("seed", new[] { 1L, 2, 2, 3 }));
}
