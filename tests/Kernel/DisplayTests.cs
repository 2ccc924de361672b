using Xunit;

namespace Madtp.Kit.Tests.Kernel;

[Collection(KernelCollection.Name)]
public class DisplayTests(SharedKernel kernel)
{
    private const string ByName = """
        [AttributeUsage(AttributeTargets.Class)]
        class TypeFormatterSourceAttribute : Attribute
        {
            public TypeFormatterSourceAttribute(Type formatterSourceType) { FormatterSourceType = formatterSourceType; }
            public Type FormatterSourceType { get; }
            public string[] PreferredMimeTypes { get; set; }
        }
        class Source
        {
            public IEnumerable<object> CreateTypeFormatters()
            {
                yield return new Svg();
                yield return new Picture();
            }
        }
        class Svg
        {
            public string MimeType => "image/svg+xml";
            public bool Format(object instance, System.IO.TextWriter writer) { writer.Write("<svg xmlns='http://www.w3.org/2000/svg'/>"); return true; }
        }
        class Picture
        {
            public string MimeType => "text/html";
            public bool Format(object instance, System.IO.TextWriter writer) { if (instance is not Drawn drawn) { return false; } writer.Write($"<i>{drawn.Name}</i>"); return true; }
        }
        [TypeFormatterSource(typeof(Source), PreferredMimeTypes = new[] { "image/svg+xml", "text/html" })] class Drawn { public string Name = "sun"; public override string ToString() => "drawn " + Name; }
        class Inherits : Drawn { }
        [TypeFormatterSource(typeof(Source))] class Modest { public int X = 1; }
        [TypeFormatterSource(typeof(Source), PreferredMimeTypes = new[] { "text/html" })] class Picky : Drawn { }
        """;

    [Fact]
    public void A_displayed_value_can_be_updated_in_place()
    {
        var result = kernel.Client.Succeed("var shown = display(\"working\"); shown.Update(\"done\");");
        var (first, second) = (result.Of("display_data").Single().Content, result.Of("update_display_data").Single().Content);
        Assert.Equal(("working", "done"), ((string?)first["data"]!["text/plain"], (string?)second["data"]!["text/plain"]));
        Assert.NotEmpty((string?)first["transient"]!["display_id"] ?? "");
        Assert.Equal((string?)first["transient"]!["display_id"], (string?)second["transient"]!["display_id"]);
        Assert.Equal("done True", kernel.Client.Succeed("$\"{shown.Value} {shown.IsUpdated}\"").Text);
    }

    [Theory]
    [InlineData("\"same\".Display()")]
    [InlineData("\"same\".DisplayAs(\"text/markdown\")")]
    [InlineData("display(\"same\", \"text/plain\", \"text/html\")")]
    [InlineData("((object)Microsoft.DotNet.Interactive.Formatting.PocketViewTags.b(\"x\")).Display()")]
    public void Each_handle_updates_its_own_display_and_can_do_so_again(string display)
    {
        var result = kernel.Client.Succeed($"var one = {display}; var two = {display}; two.Update(\"2\"); one.Update(\"1\"); two.Update(\"2\");");
        string[] ids = [.. result.Of("display_data").Select(each => (string)each.Content["transient"]!["display_id"]!)];
        Assert.Equal(2, ids.Distinct().Count());
        Assert.Equal([ids[1], ids[0], ids[1]], result.Of("update_display_data").Select(each => (string)each.Content["transient"]!["display_id"]!));
    }

    [Fact]
    public void Everything_can_display_itself()
    {
        var result = kernel.Client.Succeed("5.Display(); \"text\".Display(); new[] { 1, 2 }.Display(); ((object)null).Display();");
        Assert.Equal(["5", "text", "[ 1, 2 ]", "<null>"], result.Displays.Select(each => (string?)each["text/plain"]));
    }

    [Fact]
    public void Html_is_shown_as_html()
    {
        var result = kernel.Client.Succeed("display(HTML(\"<b>bold</b>\")); HTML(\"<i>last</i>\")");
        Assert.Equal("<b>bold</b>", (string?)result.Displays.Single()["text/html"]);
        Assert.Equal("<i>last</i>", (string?)result.Result!["text/html"]);
    }

    [Theory]
    [InlineData("image/svg+xml", "<svg/>")]
    [InlineData("image/png", "iVBORw0KGgo=")]
    [InlineData("text/markdown", "# title")]
    public void Text_can_be_displayed_as_what_it_is(string type, string text) =>
        Assert.Equal(text, (string?)kernel.Client.Succeed($"\"{text}\".DisplayAs(\"{type}\");").Displays.Single()[type]);

    [Fact]
    public void A_drawing_comes_as_an_image_too_for_viewers_that_clean_svg()
    {
        var shown = kernel.Client.Succeed("\"<svg/>\".DisplayAs(\"image/svg+xml\");").Displays.Single();
        Assert.Contains($"src=\"data:image/svg+xml;base64,{Convert.ToBase64String("<svg/>"u8)}\"", (string?)shown["text/html"]);
    }

    [Fact]
    public void Json_types_arrive_as_json() =>
        Assert.Equal(1, (int?)kernel.Client.Succeed("\"{\\\"a\\\":1}\".DisplayAs(\"application/json\");").Displays.Single()["application/json"]!["a"]);

    [Fact]
    public void A_record_is_shown_as_table_and_text()
    {
        var result = kernel.Client.Succeed("record Point(int X, double[] Ys); new Point(1, [2.5, 3])");
        Assert.Equal("Point { X = 1, Ys = [ 2.5, 3 ] }", result.Text);
        Assert.Contains("<td style=\"text-align:left\">X</td><td style=\"text-align:right\">1</td>", (string?)result.Result!["text/html"]);
    }

    [Fact]
    public void Types_with_a_formatter_source_are_shown_by_it_without_any_reference_to_the_kernel()
    {
        kernel.Client.Succeed(ByName);
        foreach (var type in new[] { "Drawn", "Inherits" })
        {
            var shown = kernel.Client.Succeed($"new {type}()").Result!;
            Assert.Equal("<svg xmlns='http://www.w3.org/2000/svg'/>", (string?)shown["image/svg+xml"]);
            Assert.Equal("<i>sun</i>", (string?)shown["text/html"]);
            Assert.Equal("drawn sun", (string?)shown["text/plain"]);
        }

        Assert.Equal(["text/html", "text/plain"], kernel.Client.Succeed("new Picky()").Result!.Select(each => each.Key).Order());
        Assert.Contains("<td style=\"text-align:left\">X</td>", (string?)kernel.Client.Succeed("new Modest()").Result!["text/html"]);
        Assert.Contains("<i>sun</i>", (string?)kernel.Client.Succeed("new { Inside = new Drawn() }").Result!["text/html"]);
    }

    [Fact]
    public void A_notebook_can_register_its_own_formatters()
    {
        kernel.Client.Succeed("using Microsoft.DotNet.Interactive.Formatting;\nclass Celsius { public double Degrees; } Formatter.Register<Celsius>(c => $\"<b>{c.Degrees}°</b>\", \"text/html\");");
        Assert.Equal("<b>21.5°</b>", (string?)kernel.Client.Succeed("new Celsius { Degrees = 21.5 }").Result!["text/html"]);
        Assert.Equal("<b>1°</b>", kernel.Client.Succeed("new Celsius { Degrees = 1 }.ToDisplayString(\"text/html\")").Text);
        kernel.Client.Succeed("Formatter.ResetToDefault();");
        Assert.DoesNotContain("°", (string?)kernel.Client.Succeed("new Celsius()").Result!["text/html"]);
    }

    [Fact]
    public void A_formatter_that_throws_fails_the_cell_with_its_own_error()
    {
        kernel.Client.Succeed("using Microsoft.DotNet.Interactive.Formatting;\nclass Sour { } Formatter.Register<Sour>(x => throw new InvalidOperationException(\"no taste\"), \"text/html\");");
        var result = kernel.Client.Run("new Sour()");
        Assert.Equal(("error", "System.InvalidOperationException", "no taste"), (result.Status, result.ErrorName, result.ErrorMessage));
        kernel.Client.Succeed("Formatter.ResetToDefault();");
    }

    [Fact]
    public void A_display_from_a_task_after_its_cell_still_belongs_to_it()
    {
        var first = kernel.Client.Succeed("var go = new TaskCompletionSource(); _ = Task.Run(async () => { await go.Task; display(\"later\"); });");
        kernel.Client.Succeed("go.SetResult(); await Task.Delay(200);");
        Assert.Equal("later", (string?)kernel.Client.Next("display_data", first.Id).Content["data"]!["text/plain"]);
    }
}
