using System.Text.RegularExpressions;
using System.Xml.Linq;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Figures;
using TorchSharp;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

public class KeepMapTests
{
    private static readonly PatchGrid Grid = new(4, 2);

    [Fact]
    public void Removed_patches_are_veiled_and_kept_ones_are_clear()
    {
        var black = new RgbImage(16, 8, new byte[3 * 16 * 8]);
        var figure = KeepMap.Draw("", [new KeptPatches("", black, Grid, [[0, 5]])]);
        var pixels = RgbImage.Decode(figure.ToPng(1)!, "map.png");
        var (left, width, height) = (12 + 463 + 10, 463 / 4, 232 / 2); // the second of two panels; its patches
        var light = Enumerable.Range(0, 8).Select(patch =>
        {
            var (row, column) = Math.DivRem(patch, 4);
            var (x, y) = (left + (column * width) + (width / 2), 32 + (row * height) + (height / 2));
            return pixels.Pixels[3 * ((y * pixels.Width) + x)];
        }).ToArray();
        Assert.Equal([0, 5], Enumerable.Range(0, 8).Where(patch => light[patch] == 0));
        Assert.All(Enumerable.Range(0, 8).Except([0, 5]), patch => Assert.InRange(light[patch], 190, 220));
        Assert.Contains("2 kept, 6 merged", Words(figure.Svg));
    }

    [Fact]
    public void Dropped_patches_are_called_so() =>
        Assert.Contains(
            "2 kept, 6 dropped", Words(KeepMap.Draw("", [new KeptPatches("", Picture(), Grid, [[0, 5]]) { Merges = false }]).Svg));

    [Fact]
    public void The_photograph_is_written_once_however_many_layers_show_it()
    {
        var layers = Enumerable.Range(0, 6).Select(layer => (IReadOnlyList<int>)[.. Enumerable.Range(0, 8 - layer)]).ToArray();
        var svg = KeepMap.Draw("layers", [new KeptPatches("photo", Picture(), Grid, layers)]).Svg;
        Assert.Single(Pictures(svg));
        Assert.Equal(7, Regex.Count(svg, "<use "));
        Assert.Equal("svg", XDocument.Parse(svg).Root!.Name.LocalName);
    }

    [Fact]
    public void Removed_words_are_struck_out()
    {
        var svg = KeepMap.Draw("", [], [new KeptWords("statement", ["two", "dog", "##s", "stand"], [[0, 1, 2, 3], [1, 2]])]).Svg;
        var marks = XDocument.Parse(svg).Root!.Elements().ToArray();
        var struck = marks.Zip(marks.Skip(1)).Where(pair => pair.First.Name.LocalName == "text" && IsStroke(pair)).ToArray();
        Assert.Equal(["two", "stand"], struck.Select(pair => pair.First.Value));

        // A thin bar in the colour of the word before it.
        static bool IsStroke((XElement Text, XElement Next) pair)
            => pair.Next.Name.LocalName == "rect" && (string?)pair.Next.Attribute("height") == "1"
                && (string?)pair.Next.Attribute("fill") == (string?)pair.Text.Attribute("fill");
    }

    [Fact]
    public void Six_layers_are_shown_of_many()
    {
        var layers = Enumerable.Range(0, 12).Select(_ => (IReadOnlyList<int>)[0]).ToArray();
        var svg = KeepMap.Draw("", [new KeptPatches("", Picture(), Grid, layers)]).Svg;
        var shown = Words(svg).Where(word => word.StartsWith("block ", StringComparison.Ordinal)).Select(word => word[6..]);
        Assert.Equal(["1", "3", "5", "8", "10", "12"], shown);
    }

    [Fact]
    public void A_text_of_fewer_layers_does_not_end_the_images()
    {
        IReadOnlyList<int>[] Layers(int count) => [.. Enumerable.Range(0, count).Select(_ => (IReadOnlyList<int>)[0])];
        var svg = KeepMap.Draw("", [new KeptPatches("", Picture(), Grid, Layers(6))], [new KeptWords("", ["a"], Layers(4))]).Svg;
        var shown = Words(svg).Where(word => word.StartsWith("block ", StringComparison.Ordinal)).Select(word => word[6..]);
        Assert.Equal(["1", "2", "3", "4", "5", "6", "1", "2", "3", "4"], shown);
        var unequal = KeepMap.Draw("", [new("a", Picture(), Grid, Layers(2)), new("b", Picture(), Grid, Layers(1))]).Svg;
        Assert.Equal(3, Regex.Count(unequal, "1 kept, 7 merged"));
    }

    [Fact]
    public void The_same_input_gives_the_same_bytes()
    {
        var rows = new[] { new KeptPatches("photo", Picture(), Grid, [[1, 2, 3]]) };
        Assert.Equal(KeepMap.Draw("t", rows).Svg, KeepMap.Draw("t", rows).Svg);
        Assert.Equal(KeepMap.Draw("t", rows).ToPng(), KeepMap.Draw("t", rows).ToPng());
    }

    [Fact]
    public void What_is_not_there_is_named()
    {
        Assert.Contains("patch 8", Message(() => KeepMap.Draw("", [new KeptPatches("", Picture(), Grid, [[8]])])), StringComparison.Ordinal);
        Assert.Contains("word 4", Message(() => KeepMap.Draw("", [], [new KeptWords("", ["a", "b", "c", "d"], [[4]])])), StringComparison.Ordinal);
        Assert.Contains("needs an image or a text", Message(() => KeepMap.Draw("", [])), StringComparison.Ordinal);
        Assert.Contains("7 weights", Message(() => AttentionOverlay.Draw("", Picture(), Grid, [new AttentionMap("t", new double[7])])), StringComparison.Ordinal);
    }

    [Fact]
    public void Attention_is_strongest_where_the_weight_is()
    {
        double[] weights = [0, 0, 0, 0, 0, 0, 0.5, 1];
        var black = new RgbImage(16, 8, new byte[3 * 16 * 8]);
        var figure = AttentionOverlay.Draw("", black, Grid, [new AttentionMap("token 3", weights)], columns: 2);
        var pixels = RgbImage.Decode(figure.ToPng(1)!, "overlay.png");
        int Light(int column, int row)
        {
            var (x, y) = (12 + 463 + 10 + (column * 463 / 4) + 57, 28 + (row * 116) + 58); // the middle of a patch in the second panel
            return pixels.Pixels.AsSpan(3 * ((y * pixels.Width) + x), 3).ToArray().Sum(channel => channel);
        }

        Assert.Equal(0, Light(0, 0));
        Assert.True(Light(3, 1) > Light(2, 1) && Light(2, 1) > 0, $"{Light(2, 1)}, {Light(3, 1)}");
    }

    [Fact]
    public void A_map_is_taken_out_of_a_tensor()
    {
        using var weights = torch.tensor([0.25f, 0.75f]);
        Assert.Equal([0.25, 0.75], new AttentionMap("token 3", weights).Weights);
        using var rows = torch.zeros(2, 8);
        Assert.Contains("[2, 8]", Message(() => new AttentionMap("token 3", rows)), StringComparison.Ordinal);
    }

    [Fact]
    public void Large_pictures_are_averaged_down()
    {
        var rgb = new byte[3 * 4 * 4];
        for (var i = 0; i < 16; i++)
            rgb[3 * i] = (byte)(i % 4 < 2 ? 100 : 200);

        var half = Sketch.Shown(new RgbImage(4, 4, rgb), 2, 2);
        Assert.Equal((2, 2), (half.Width, half.Height));
        Assert.InRange(half.Pixels[0], 90, 110);
        Assert.InRange(half.Pixels[3], 190, 210);
    }

    [Fact]
    public void Small_pictures_get_squares_for_pixels()
    {
        var twice = Sketch.Shown(new RgbImage(2, 1, [1, 2, 3, 4, 5, 6]), 5, 3);
        Assert.Equal((4, 2), (twice.Width, twice.Height));
        Assert.Equal([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6], twice.Pixels[..12]);
        Assert.Equal(twice.Pixels[..12], twice.Pixels[12..]);
    }

    [Fact]
    public void A_saved_figure_leaves_nothing_unfinished()
    {
        var folder = Directory.CreateTempSubdirectory("figures");
        try
        {
            var path = Path.Combine(folder.FullName, "sub", "map.svg");
            var figure = KeepMap.Draw("", [new KeptPatches("", Picture(), Grid, [[0]])]).Save(path);
            Assert.Equal(figure.Svg, File.ReadAllText(path));
            Assert.Equal(["map.png", "map.svg"], Directory.GetFiles(Path.GetDirectoryName(path)!).Select(Path.GetFileName).Order());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Message(Action action) => Assert.Throws<ArgumentException>(action).Message;

    private static RgbImage Picture()
    {
        var rgb = new byte[3 * 16 * 8];
        new Random(1).NextBytes(rgb);
        return new RgbImage(16, 8, rgb);
    }

    private static IEnumerable<string> Pictures(string svg)
        => XDocument.Parse(svg).Descendants().Where(each => each.Name.LocalName == "image").Select(each => each.ToString());

    private static string[] Words(string svg)
        => [.. XDocument.Parse(svg).Descendants().Where(each => each.Name.LocalName == "text").Select(each => each.Value)];
}
