using System.Collections;
using Madtp.Kit.Kernel.Formatting;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

public class FormattingTests
{
    static FormattingTests() => KernelFormats.Register();

    public enum Colour
    {
        Red,
    }

    public static TheoryData<object?, string> Texts => new()
    {
        { null, "<null>" },
        { "text", "text" },
        { 1.5, "1.5" },
        { 1e-7f, "1E-07" },
        { true, "True" },
        { Colour.Red, "Red" },
        { typeof(string), "System.String" },
        { typeof(List<int>), "List<int>" },
        { new TimeSpan(1, 2, 3), "01:02:03" },
        { 1.50m, "1.50" },
        { new DateTime(2024, 5, 6, 7, 8, 9), "05/06/2024 07:08:09" },
        { new { When = new DateTime(2024, 5, 6), Much = 2m }, "{ When = 05/06/2024 00:00:00, Much = 2 }" },
        { new[] { 1, 2 }, "[ 1, 2 ]" },
        { Array.Empty<int>(), "[]" },
        { Enumerable.Range(0, 30).ToArray(), "[ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, … (10 more) ]" },
        { Endless(), "[ 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, … (more) ]" },
        { new[,] { { 1, 2 }, { 3, 4 } }, "[ [ 1, 2 ], [ 3, 4 ] ]" },
        { new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 }, "{ a: 1, b: 2 }" },
        { (1, "two", new[] { 3 }), "(1, two, [ 3 ])" },
        { new { A = 1, B = new[] { "x" } }, "{ A = 1, B = [ x ] }" },
        { new Point(1, [2]), "Point { X = 1, Ys = [ 2 ] }" },
        { new Plain { Name = "n", Next = new Plain { Name = "m" } }, "Plain { Name = n, Next = Plain { Name = m, Next = <null> } }" },
        { new Own(), "in my own words" },
        { new Throwing(), "Throwing { Good = 1, Bad = !InvalidOperationException: nope }" },
        { new[] { new Point(1, []), new Point(2, []) }, "[\n  Point { X = 1, Ys = [] },\n  Point { X = 2, Ys = [] }\n]" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Values_read_well_as_text(object? value, string expected) => Assert.Equal(expected, PlainText.Of(value));

    [Fact]
    public void A_value_within_itself_comes_to_an_end()
    {
        var loop = new Plain { Name = "loop" };
        loop.Next = loop;
        Assert.EndsWith("…" + string.Concat(Enumerable.Repeat(" }", 6)), PlainText.Of(loop));
    }

    [Fact]
    public void A_sequence_within_itself_comes_to_an_end()
    {
        var pairs = new List<KeyValuePair<string, object>>();
        pairs.Add(new("me", pairs));
        Assert.InRange(PlainText.Of(pairs).Length, 10, 1000);
        Assert.InRange(Html(new { Pairs = pairs })!.Length, 10, 5000);
    }

    [Fact]
    public void A_task_that_never_ends_is_not_waited_for()
    {
        Assert.Equal("Task<int> (WaitingForActivation)", PlainText.Of(new TaskCompletionSource<int>().Task));
        Assert.Equal(["text/plain"], Types(new TaskCompletionSource<int>().Task));
    }

    [Theory]
    [InlineData(1)]
    [InlineData("text")]
    [InlineData(new[] { 1, 2 })]
    [InlineData(Colour.Red)]
    public void Words_and_numbers_and_lists_of_them_are_text_alone(object value) => Assert.Equal(["text/plain"], Types(value));

    [Fact]
    public void A_tensor_shows_its_shape_type_and_numbers()
    {
        using var matrix = TorchSharp.torch.tensor(new[] { 1.5f, 2, -3, 4, 5, 6 }).reshape(2, 3);
        Assert.Equal("Tensor [2, 3] Float32 on cpu\n[[ 1.5000  2.0000 -3.0000]\n [ 4.0000  5.0000  6.0000]]", PlainText.Of(matrix));
        Assert.Equal("[ Tensor [2, 3] Float32 on cpu ]", PlainText.Of(new[] { matrix }));
        Assert.Equal(["text/plain"], Types(matrix));
        using var counts = TorchSharp.torch.arange(2000);
        Assert.Equal("Tensor [2000] Int64 on cpu\n[   0    1    2 … 1997 1998 1999]", PlainText.Of(counts));
        using var cube = TorchSharp.torch.zeros(2, 1, 2);
        Assert.Equal("Tensor [2, 1, 2] Float32 on cpu\n[[[0 0]]\n\n [[0 0]]]", PlainText.Of(cube));
        using var scalar = TorchSharp.torch.tensor(7.0);
        Assert.Equal("Tensor [] Float64 on cpu\n7", PlainText.Of(scalar));
        using var counted = TorchSharp.torch.tensor(new[] { 9007199254740993, -1 });
        Assert.Equal("Tensor [2] Int64 on cpu\n[9007199254740993               -1]", PlainText.Of(counted));
        using var flags = TorchSharp.torch.tensor(new[] { true, false });
        Assert.Equal("Tensor [2] Bool on cpu\n[1 0]", PlainText.Of(flags));
        using var complex = TorchSharp.torch.tensor(new[] { new System.Numerics.Complex(1, 2) });
        Assert.Equal("Tensor [1] ComplexFloat64 on cpu", PlainText.Of(complex));
        using var huge = TorchSharp.torch.zeros(1000, 1000);
        Assert.Equal("Tensor [1000, 1000] Float32 on cpu", PlainText.Of(huge));
    }

    [Fact]
    public void A_type_that_writes_itself_is_left_to_do_so() => Assert.Equal(["text/plain"], Types(new Own()));

    [Fact]
    public void Records_become_a_table_with_a_row_each()
    {
        var html = Html(new[] { new Point(1, [2]), new Point(3, []) });
        Assert.StartsWith("<table><thead><tr><th style=\"text-align:left\">X</th><th style=\"text-align:left\">Ys</th></tr></thead>", html);
        Assert.Contains("<tr><td style=\"text-align:right\">1</td><td style=\"text-align:left\">[ 2 ]</td></tr>", html);
        Assert.Equal(2, Rows(html));
    }

    [Fact]
    public void Rows_of_different_kinds_share_their_columns()
    {
        var html = Html(new object[] { new { A = 1, B = 2 }, new { A = 3, C = 4 } });
        Assert.Contains(">A</th>", html);
        Assert.Contains(">C</th>", html);
        Assert.Equal(2, Rows(html));
    }

    [Fact]
    public void Dictionaries_tuples_and_lists_of_lists_become_tables()
    {
        Assert.Contains(">key</th>", Html(new Dictionary<string, int> { ["a"] = 1 }));
        Assert.Contains(">Item2</th>", Html(new[] { (1, "a"), (2, "b") }));
        Assert.Equal(2, Rows(Html(new[] { new[] { 1, 2 }, [3] })));
        Assert.Contains(">mean</th>", Html(new[] { new Dictionary<string, object> { ["mean"] = 1.5 }, new Dictionary<string, object> { ["max"] = 2 } }));
        Assert.Equal(2, Rows(Html(new[,] { { 1, 2, 3 }, { 4, 5, 6 } })));
    }

    [Fact]
    public void A_long_table_is_cut_and_says_so()
    {
        var html = Html(Enumerable.Range(0, 1500).Select(i => new { I = i }).ToList());
        Assert.Equal(20, Rows(html));
        Assert.Contains("… 1,480 more rows", html);
        Assert.Contains("… more rows", Html(Records()));
    }

    [Fact]
    public void Nothing_in_a_value_can_become_markup()
    {
        var html = Html(new[] { new { Name = "<script>alert(1)</script>" } });
        Assert.DoesNotContain("<script>", html);
        Assert.Contains("&lt;script&gt;", html);
    }

    private static string Html(object value) => MimeBundle.From(value).Values.Single(each => each.MimeType == "text/html").Value;

    private static List<string> Types(object value) => [.. MimeBundle.From(value).Values.Select(each => each.MimeType)];

    private static int Rows(string html) => html.Split("<tr>").Length - 1 - (html.Contains("<thead>", StringComparison.Ordinal) ? 1 : 0);

    private static IEnumerable Endless()
    {
        while (true)
            yield return 7;
    }

    private static IEnumerable<object> Records()
    {
        while (true)
            yield return new { A = 1 };
    }

    public sealed record Point(int X, double[] Ys);

    public sealed class Plain
    {
        public string? Name { get; set; }

        public Plain? Next { get; set; }
    }

    public sealed class Own
    {
        public int Hidden => 5;

        public override string ToString() => "in my own words";
    }

    public sealed class Throwing
    {
        public int Good => 1;

        public int Bad => throw new InvalidOperationException("nope");
    }
}
