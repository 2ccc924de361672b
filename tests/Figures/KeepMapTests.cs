using System.Text.RegularExpressions;
using System.Xml.Linq;
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
        var figure = KeepMap.Draw("", [new KeptPatches("", Picture(), Grid, [[0, 5]])]);
        var veil = Pictures(figure.Svg).Select(PngReader.Read).Single(png => png is { Width: 4, Height: 2, Channels: 4 });
        var opacity = Enumerable.Range(0, 8).Select(patch => veil.Bytes[(4 * patch) + 3]).ToArray();
        Assert.Equal([0, 5], Enumerable.Range(0, 8).Where(patch => opacity[patch] == 0));
        Assert.All(Enumerable.Range(0, 8).Except([0, 5]), patch => Assert.True(opacity[patch] > 200));
        Assert.Contains("2 kept, 6 merged", figure.Svg, StringComparison.Ordinal);
    }

    [Fact]
    public void Dropped_patches_are_called_so() =>
        Assert.Contains("2 kept, 6 dropped", KeepMap.Draw("", [new KeptPatches("", Picture(), Grid, [[0, 5]]) { Merges = false }]).Svg, StringComparison.Ordinal);

    [Fact]
    public void The_photograph_is_written_once_however_many_layers_show_it()
    {
        var layers = Enumerable.Range(0, 6).Select(layer => (IReadOnlyList<int>)[.. Enumerable.Range(0, 8 - layer)]).ToArray();
        var svg = KeepMap.Draw("layers", [new KeptPatches("photo", Picture(), Grid, layers)]).Svg;
        Assert.Single(Pictures(svg).Select(PngReader.Read), png => png.Channels == 3);
        Assert.Equal(7, Regex.Count(svg, "<use "));
        Assert.Equal("svg", XDocument.Parse(svg).Root!.Name.LocalName);
    }

    [Fact]
    public void Removed_words_are_struck_out()
    {
        var svg = KeepMap.Draw("", [], [new KeptWords("statement", ["two", "dog", "##s", "stand"], [[0, 1, 2, 3], [1, 2]])]).Svg;
        var struck = XDocument.Parse(svg).Descendants().Where(each => each.Attribute("text-decoration") is not null).Select(each => each.Value);
        Assert.Equal(["two", "stand"], struck);
    }

    [Fact]
    public void Six_layers_are_shown_of_many()
    {
        var layers = Enumerable.Range(0, 12).Select(_ => (IReadOnlyList<int>)[0]).ToArray();
        var svg = KeepMap.Draw("", [new KeptPatches("", Picture(), Grid, layers)]).Svg;
        var shown = Regex.Matches(svg, ">block ([0-9]+)<").Select(match => match.Groups[1].Value);
        Assert.Equal(["1", "3", "5", "8", "10", "12"], shown);
    }

    [Fact]
    public void The_same_input_gives_the_same_characters()
    {
        var rows = new[] { new KeptPatches("photo", Picture(), Grid, [[1, 2, 3]]) };
        Assert.Equal(KeepMap.Draw("t", rows).Svg, KeepMap.Draw("t", rows).Svg);
    }

    [Fact]
    public void What_is_not_there_is_named()
    {
        Assert.Contains("patch 8", Message(() => KeepMap.Draw("", [new KeptPatches("", Picture(), Grid, [[8]])])), StringComparison.Ordinal);
        Assert.Contains("layer 3", Message(() => KeepMap.Draw("", [new KeptPatches("", Picture(), Grid, [[1]])], layers: [3])), StringComparison.Ordinal);
        Assert.Contains("4 words", Message(() => KeepMap.Draw("", [], [new KeptWords("", ["a", "b", "c", "d"], [[4]])])), StringComparison.Ordinal);
        Assert.Contains("needs an image or a text", Message(() => KeepMap.Draw("", [])), StringComparison.Ordinal);
        Assert.Contains("3 × 3", Message(() => new RgbPicture(new byte[5], 3, 3)), StringComparison.Ordinal);
        Assert.Contains("7 weights", Message(() => AttentionOverlay.Draw("", Picture(), Grid, [new AttentionMap("t", new double[7])])), StringComparison.Ordinal);
    }

    [Fact]
    public void Attention_is_strongest_where_the_weight_is()
    {
        double[] weights = [0, 0, 0, 0, 0, 0, 0.5, 1];
        var heat = Pictures(AttentionOverlay.Draw("", Picture(), Grid, [new AttentionMap("token 3", weights)]).Svg).Select(PngReader.Read).Single(png => png.Channels == 4);
        Assert.Equal(0, heat.Bytes[3]);
        Assert.True(heat.Bytes[(4 * 7) + 3] > heat.Bytes[(4 * 6) + 3] && heat.Bytes[(4 * 6) + 3] > 0);
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
        {
            rgb[3 * i] = (byte)(i % 4 < 2 ? 100 : 200);
        }

        var half = new RgbPicture(rgb, 4, 4).Shown(2, 2);
        Assert.Equal((2, 2), (half.Width, half.Height));
        Assert.Equal([100, 0, 0, 200, 0, 0], half.Bytes[..6]);
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

    private static RgbPicture Picture()
    {
        var rgb = new byte[3 * 16 * 8];
        new Random(1).NextBytes(rgb);
        return new RgbPicture(rgb, 16, 8);
    }

    private static IEnumerable<byte[]> Pictures(string svg) => Regex.Matches(svg, "base64,([^\"]+)\"").Select(match => Convert.FromBase64String(match.Groups[1].Value));
}
