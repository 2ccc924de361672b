using System.Net;
using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Figures;

/// <summary>What is pruned, to be looked at by hand: a page of its own, without network, libraries or server. Pick a sample,
/// slide the block and the temperature, point at a patch or a word for its three scores.</summary>
public static class KeepMapPage
{
    private const double Unit = 1e-6; // scores are whole millionths, so that the page stays small
    private const int LargestPicture = 512;

    /// <summary>Writes the page into the folder of figures, whole or not at all.</summary>
    /// <param name="name">The file's name without its ending, or a path that ends in .html.</param>
    /// <returns>The file's path.</returns>
    /// <exception cref="ArgumentException">No sample is given, or some do not fit together; the message says which.</exception>
    public static string Write(string name, string title, IReadOnlyList<KeepMapSample> samples) =>
        FigureFolder.Write(name, ".html", Encoding.UTF8.GetBytes(Html(title, samples)));

    /// <summary>The page as one document: the same characters for the same data.</summary>
    /// <exception cref="ArgumentException">No sample is given, or some do not fit together; the message says which.</exception>
    public static string Html(string title, IReadOnlyList<KeepMapSample> samples)
    {
        Guard.Argument(samples.Count > 0 && samples.All(sample => sample.Runs.Count > 0 && sample.Runs[0].Left.Count > 0),
            $"a keep-map page needs at least one sample with at least one run of at least one block", nameof(samples));
        foreach (var (i, sample) in samples.Index())
            Check(sample, $"sample {i + 1}", samples[0].Runs);

        return InteractiveChart.Part("keep-map.html")
            .Replace("{{title}}", WebUtility.HtmlEncode(title), StringComparison.Ordinal)
            .Replace("{{style}}", InteractiveChart.Part("keep-map.css"), StringComparison.Ordinal)
            .Replace("{{script}}", InteractiveChart.Part("keep-map.js"), StringComparison.Ordinal)
            .Replace("{{data}}", Json(samples), StringComparison.Ordinal);
    }

    /// <summary>The data as JSON that may stand inside a script element: no "&lt;" is left in it.</summary>
    private static string Json(IReadOnlyList<KeepMapSample> samples) => JsonSerializer.Serialize(new
    {
        unit = Unit,
        temperatures = samples[0].Runs
            .Select(run => double.IsFinite(run.Temperature) ? run.Temperature : (double?)null),
        samples = samples.Select(sample => new
        {
            sentence = sample.Pair.Sentence,
            label = sample.Pair.Label,
            images = new[] { sample.Pair.Left, sample.Pair.Right }.OfType<RgbImage>().Select(Picture),
            opens = sample.Opens,
            columns = sample.Pair.Grid.Columns,
            rows = sample.Pair.Grid.Rows,
            words = sample.Pair.Pieces,
            runs = sample.Runs.Select(run => new
            {
                macs = Math.Round(run.MacShare, 4),
                yes = Math.Round(run.True, 4),
                says = run.Says,
                name = run.Name,
                adds = run.Policy.Reducer.AddsToken,
                score = run.Score,
                fate = run.Fate,
                streams = new[] { run.Left, run.Right, run.Text }.Select(stream => stream.Select(layer => new
                {
                    at = layer.Positions,
                    kept = string.Concat(layer.Kept.Select(kept => kept ? '1' : '0')),
                    theta = Whole(layer.Threshold),
                    cls = Scores(layer.Class),
                    self = Scores(layer.Self),
                    align = Scores(layer.Alignment),
                    tis = Scores(layer.Total),
                    claim = layer.Claims,
                })),
            }),
        }),
    });

    private static void Check(KeepMapSample sample, string name, IReadOnlyList<KeepMapRun> first)
    {
        static IEnumerable<(double, int)> Passes(IReadOnlyList<KeepMapRun> runs) =>
            runs.Select(run => (run.Temperature, run.Left.Count));
        var temperatures = string.Join(", ", first.Select(run => run.Temperature.ToString(CultureInfo.InvariantCulture)));
        Guard.Argument(Passes(sample.Runs).SequenceEqual(Passes(first)),
            $"{name} was run at other temperatures, or through other blocks, than sample 1 (T = {temperatures})");
        var (pair, depth) = (sample.Pair, first[0].Left.Count);
        foreach (var run in sample.Runs)
        {
            Check(run.Left, depth, pair.Grid.Count, "patches", $"{name}, left image");
            Check(run.Right, pair.Right is null ? 0 : depth, pair.Grid.Count, "patches", $"{name}, right image");
            Check(run.Text, run.Text.Count, pair.Pieces.Count, "words", $"{name}, text");
        }
    }

    private static void Check(IReadOnlyList<KeepMapLayer> layers, int depth, int count, string what, string name)
    {
        Guard.Argument(layers.Count == depth, $"{name}: {layers.Count} blocks, but those of the first image are {depth}");
        foreach (var (i, layer) in layers.Index())
        {
            int[] odd = [.. layer.Positions.Where(position => position >= count || position < -i)];
            Guard.Argument(odd.Length == 0,
                $"{name}, block {i + 1}: token {odd[0]} is none of its {count} {what} and no token merged before");
        }
    }

    private static long?[]? Scores(IReadOnlyList<double>? scores) =>
        scores is not { Count: > 0 } ? null : [.. scores.Select(score => Whole(score))];

    private static long? Whole(double? value) =>
        value is { } number && double.IsFinite(number) ? (long)Math.Round(number / Unit) : null;

    private static string Picture(RgbImage picture)
    {
        var isLarge = picture.Width > LargestPicture && picture.Height > LargestPicture;
        var shown = isLarge ? BicubicResize.Resize(picture, LargestPicture, LargestPicture) : picture;
        return $"data:image/png;base64,{Convert.ToBase64String(ImageEncoding.Png(shown.Pixels, shown.Width, shown.Height))}";
    }
}
