using Madtp.Kit.Kernel.Formatting;
using Microsoft.Data.Analysis;
using Microsoft.DotNet.Interactive.Formatting;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

public class PackageTypesTests
{
    static PackageTypesTests() => KernelFormats.Register();

    [Fact]
    public void A_data_frame_becomes_a_table_of_its_first_rows_and_nothing_stands_where_a_value_is_missing()
    {
        var frame = new DataFrame(new Int32DataFrameColumn("n", Enumerable.Range(0, 1030)), new StringDataFrameColumn("name", Enumerable.Repeat("a < b", 1030)));
        var bundle = MimeBundle.From(frame).Values;
        var html = bundle.Single(each => each.MimeType == "text/html").Value;
        Assert.StartsWith("<table><thead><tr><th style=\"text-align:left\">n</th><th style=\"text-align:left\">name</th>", html);
        Assert.Contains("<tr><td style=\"text-align:right\">99</td><td style=\"text-align:left\">a &lt; b</td></tr></tbody>", html);
        Assert.Contains("… 930 more rows", html);
        var sparse = new DataFrame(new DoubleDataFrameColumn("Δ", Enumerable.Repeat<double?>(null, 29).Append(0.5)), new StringDataFrameColumn("name", [.. new string[29], "a"]));
        Assert.Equal(29, sparse.ToDisplayString("text/html").Split("></td><td").Length - 1);
        Assert.DoesNotContain("more rows", sparse.ToDisplayString("text/html"));
        Assert.Contains(bundle, each => each.MimeType == "text/plain");
        Assert.StartsWith("<table>", new DataFrame().ToDisplayString("text/html"));
    }

    [Fact]
    public void What_a_notebook_registers_goes_before_the_defaults_and_a_reset_brings_these_back()
    {
        Formatter.Register<Own>(_ => "mine", "text/html");
        Assert.Equal("mine", new Own(1).ToDisplayString("text/html"));
        Assert.Contains("<td style=\"text-align:left\">mine</td>", new { Inside = new Own(1) }.ToDisplayString("text/html"));
        Formatter.ResetToDefault();
        Assert.StartsWith("<table>", new Own(1).ToDisplayString("text/html"));
        Assert.StartsWith("<table><thead>", new DataFrame(new Int32DataFrameColumn("n", 1)).ToDisplayString("text/html"));
    }

    public sealed record Own(int X);
}
