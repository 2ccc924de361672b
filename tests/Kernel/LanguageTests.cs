using System.Text.Json.Nodes;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

[Collection(KernelCollection.Name)]
public class LanguageTests(SharedKernel kernel)
{
    [Theory]
    [InlineData("Console.Wri|", "WriteLine")]
    [InlineData("\"text\".Sub|", "Substring")]
    [InlineData("new[] { 1 }.Sel|", "Select")]
    [InlineData("var text = \"a\"; tex|", "text")]
    [InlineData("System.Coll|", "Collections")]
    [InlineData("using System.Col|", "Collections")]
    [InlineData("Strin|", "String")]
    [InlineData("whi|", "while")]
    [InlineData("System.Net.Http.HttpC|", "HttpClient")]
    [InlineData("\"a\"?.Leng|", "Length")]
    [InlineData("int F(int argument) { return arg|; }", "argument")]
    [InlineData("displ|", "display")]
    [InlineData("Console.|", "WriteLine")]
    public void Names_in_scope_are_offered(string marked, string expected) => Assert.Contains(expected, Matches(marked));

    [Fact]
    public void So_are_the_names_of_earlier_cells()
    {
        kernel.Client.Succeed("class Rectangle { public int WidthOfIt { get; set; } public static int Sides => 4; } var myRectangle = new Rectangle();");
        Assert.Contains("myRectangle", Matches("myRec|"));
        Assert.Equal(["WidthOfIt"], Matches("myRectangle.Wi|"));
        Assert.DoesNotContain("Sides", Matches("myRectangle.|"));
        Assert.Contains("Sides", Matches("Rectangle.|"));
        Assert.Contains("WidthOfIt", Matches("new Rectangle { W| }"));
    }

    [Fact]
    public void What_is_typed_is_replaced_counted_in_characters_not_utf16_units()
    {
        var reply = Complete("var s = \"😀\"; Console.Wri|");
        Assert.Equal((21, 24), ((int?)reply["cursor_start"], (int?)reply["cursor_end"]));
        Assert.Equal(["Write", "WriteLine"], reply["matches"]!.AsArray().Select(each => (string?)each));
        Assert.Equal("function", (string?)reply["metadata"]!["_jupyter_types_experimental"]![0]!["type"]);
    }

    [Theory]
    [InlineData("// Cons|")]
    [InlineData("var s = \"Cons|")]
    [InlineData("nothingLikeThis.Wh|")]
    public void Where_nothing_can_stand_nothing_is_offered(string marked) => Assert.Empty(Matches(marked));

    [Fact]
    public void File_names_are_completed_in_directives()
    {
        Directory.CreateDirectory(Path.Combine(kernel.Process.Folder, "paths", "deeper"));
        File.WriteAllText(Path.Combine(kernel.Process.Folder, "paths", "library.dll"), "");
        File.WriteAllText(Path.Combine(kernel.Process.Folder, "paths", "code.cs"), "");
        Assert.Equal(["deeper/", "library.dll"], Matches("#r \"paths/|"));
        Assert.Equal(["code.cs"], Matches("1;\n#!import paths/c|"));
        Assert.Equal(["code.cs"], Matches("#load \"paths/c|"));
    }

    [Theory]
    [InlineData("#!|", "#!import #!csharp")]
    [InlineData("1;\n#!imp|", "#!import")]
    [InlineData("#l|", "#load")]
    public void Directives_are_completed_themselves(string marked, string expected)
    {
        Assert.Equal(expected, string.Join(' ', Matches(marked)));
        Assert.Equal(marked.IndexOf('#', StringComparison.Ordinal), (int?)Complete(marked)["cursor_start"]);
    }

    [Theory]
    [InlineData("Math.Ma|x(1, 2)", "int Math.Max(int val1, int val2)")]
    [InlineData("Math.Max(|", "double Math.Max(double val1, double val2)")]
    [InlineData("var number = 5; num|ber", "int number")]
    [InlineData("Str|ing", "class System.String")]
    public void A_name_is_explained_by_its_signature(string marked, string expected)
    {
        var reply = Inspect(marked);
        Assert.True((bool?)reply["found"]);
        Assert.Contains(expected, (string?)reply["data"]!["text/plain"]);
    }

    [Fact]
    public void And_by_the_summary_of_its_documentation()
    {
        kernel.Client.Succeed("/// <summary>Adds   <paramref name=\"a\"/>\n/// to itself.</summary>\nint Doubling(int a) => a + a;");
        Assert.Contains("int Doubling(int a)\n\nAdds a to itself.", (string?)Inspect("Doub|ling(2)")["data"]!["text/plain"]);
    }

    [Fact]
    public void What_is_not_a_name_is_not_found() => Assert.False((bool?)Inspect("1 +| 2")["found"]);

    [Theory]
    [InlineData("1 + 1", "complete")]
    [InlineData("int F() {", "incomplete")]
    [InlineData("foreach (var x in xs)", "incomplete")]
    [InlineData("int 5x = ;", "invalid")]
    public void A_console_learns_whether_a_cell_is_complete(string code, string expected) =>
        Assert.Equal(expected, (string?)kernel.Client.Ask("is_complete_request", new JsonObject { ["code"] = code })["status"]);

    private List<string?> Matches(string marked) => [.. Complete(marked)["matches"]!.AsArray().Select(each => (string?)each)];

    private JsonObject Complete(string marked) => kernel.Client.Ask("complete_request", At(marked));

    private JsonObject Inspect(string marked)
    {
        var content = At(marked);
        content["detail_level"] = 0;
        return kernel.Client.Ask("inspect_request", content);
    }

    private static JsonObject At(string marked)
    {
        var code = marked.Replace("|", "", StringComparison.Ordinal);
        return new JsonObject { ["code"] = code, ["cursor_pos"] = marked[..marked.IndexOf('|', StringComparison.Ordinal)].EnumerateRunes().Count() };
    }
}
