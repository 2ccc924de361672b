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
        static IEnumerable<(double, int)> Passes(KeepMapSample of) => of.Runs.Select(run => (run.Temperature, run.Left.Count));
        Guard.Argument(samples.Count > 0 && samples.All(sample => sample.Runs.Count > 0),
            $"a keep-map page needs at least one sample with at least one run", nameof(samples));
        var odd = samples.Index().FirstOrDefault(sample => !Passes(sample.Item).SequenceEqual(Passes(samples[0]))).Index;
        Guard.Argument(odd == 0, $"sample {odd + 1} was run at other temperatures, or through other blocks, than sample 1 "
            + $"(T = {string.Join(", ", samples[0].Runs.Select(run => run.Temperature))})");
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
