using System.Text.Json;
using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Figures;

/// <summary>The data of a keep-map page. Scores are whole millionths, so that the page stays small.</summary>
internal static class KeepMapJson
{
    private const double Unit = 1e-6;
    private const int LargestPicture = 512;

    /// <summary>The data as JSON that may stand inside a script element: no "&lt;" is left in it.</summary>
    public static string Of(IReadOnlyList<KeepMapSample> samples) => JsonSerializer.Serialize(new
    {
        unit = Unit,
        temperatures = samples[0].Runs.Select(run => run.Temperature),
        samples = samples.Select(sample => new
        {
            sentence = sample.Sentence,
            label = sample.Label,
            images = new[] { Picture(sample.Left), Picture(sample.Right) },
            columns = sample.Grid.Columns,
            rows = sample.Grid.Rows,
            words = sample.Words,
            runs = sample.Runs.Select(run => new
            {
                macs = Math.Round(run.MacShare, 4),
                yes = Math.Round(run.True, 4),
                streams = new[] { run.Left, run.Right, run.Text }.Select(stream => stream.Select(Layer)),
            }),
        }),
    });

    private static object Layer(KeepMapLayer layer) => new
    {
        at = layer.Tokens.Select(token => token.Position),
        kept = string.Concat(layer.Tokens.Select(token => token.Kept ? '1' : '0')),
        theta = Whole(layer.Threshold),
        cls = Scores(layer, token => token.Class),
        self = Scores(layer, token => token.Self),
        align = Scores(layer, token => token.Alignment),
        tis = Scores(layer, token => token.Total),
    };

    private static long?[]? Scores(KeepMapLayer layer, Func<ScoredToken, double?> score) =>
        layer.Tokens.All(token => score(token) is null) ? null : [.. layer.Tokens.Select(token => Whole(score(token)))];

    private static long? Whole(double? value) => value is { } number && double.IsFinite(number) ? (long)Math.Round(number / Unit) : null;

    private static string Picture(RgbImage picture)
    {
        var shown = picture.Width > LargestPicture && picture.Height > LargestPicture
            ? BicubicResize.Resize(picture, LargestPicture, LargestPicture)
            : picture;
        return $"data:image/png;base64,{Convert.ToBase64String(ImageEncoding.Png(shown.Pixels, shown.Width, shown.Height))}";
    }
}
