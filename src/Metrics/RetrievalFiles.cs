using System.Text.Json;
using System.Text.Json.Serialization;

namespace Madtp.Kit.Metrics;

/// <summary>Retrieval scores and the pairs they are scores of, read from files.</summary>
/// <param name="ImageToText">Image by caption, <c>[I, T]</c>.</param>
/// <param name="TextToImage">Caption by image, <c>[T, I]</c>, where re-ranking gave it apart; else null.</param>
/// <param name="ImageOfCaption">Each caption's image, <c>[T]</c>.</param>
public sealed record RetrievalFiles(ScoreMatrix ImageToText, ScoreMatrix? TextToImage, IReadOnlyList<int> ImageOfCaption)
{
    /// <summary>Reads both.</summary>
    /// <param name="scoresPath">
    /// A matrix image by caption: <c>.npy</c>, or <c>.json</c> with rows of numbers, alone or as <c>scores</c>,
    /// or with <c>scores_i2t</c> and <c>scores_t2i</c>.
    /// </param>
    /// <param name="annotationsPath">The pairs in the order of the scores: <c>[{"image": …, "caption": [….]}]</c>, or Karpathy's <c>dataset_*.json</c>, of which the test split is taken.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file has another form, or the two do not fit.</exception>
    public static RetrievalFiles Read(string scoresPath, string annotationsPath)
    {
        var imageOfCaption = ReadPairs(annotationsPath, out var images);
        MetricFile.Require(scoresPath, "retrieval scores");
        var (imageToText, textToImage) = Path.GetExtension(scoresPath).Equals(".npy", StringComparison.OrdinalIgnoreCase)
            ? (NumpyFile.ReadMatrix(scoresPath), null)
            : ReadJsonScores(scoresPath);
        if (imageToText.Rows != images || imageToText.Columns != imageOfCaption.Count)
        {
            throw new InvalidDataException($"{scoresPath}: the scores are [{imageToText.Rows}, {imageToText.Columns}], but {annotationsPath} has {images} images and {imageOfCaption.Count} captions");
        }

        return textToImage is null || (textToImage.Rows == imageToText.Columns && textToImage.Columns == imageToText.Rows)
            ? new RetrievalFiles(imageToText, textToImage, imageOfCaption)
            : throw new InvalidDataException($"{scoresPath}: scores_t2i is [{textToImage.Rows}, {textToImage.Columns}], not [{imageToText.Columns}, {imageToText.Rows}]");
    }

    /// <summary>Recall of these scores.</summary>
    public RecallScores Recall()
        => TextToImage is null ? RetrievalRecall.Compute(ImageToText, ImageOfCaption) : RetrievalRecall.Compute(ImageToText, TextToImage, ImageOfCaption);

    private static List<int> ReadPairs(string path, out int images)
    {
        MetricFile.Require(path, "pairs of images and captions");
        var counts = FirstCharacter(path) == '{'
            ? MetricFile.ReadJson<KarpathyFile>(path, "a Karpathy data set").Images.Where(image => image.Split == "test").Select(image => image.Sentences.Length).ToArray()
            : MetricFile.ReadJson<Pair[]>(path, "images with their captions").Select(pair => pair.Captions.Length).ToArray();
        if (counts.Length == 0)
        {
            throw new InvalidDataException($"{path}: there is no image of a test split in it");
        }

        if (Array.IndexOf(counts, 0) is var lonely and >= 0)
        {
            throw new InvalidDataException($"{path}: image {lonely} has no caption");
        }

        images = counts.Length;
        return [.. counts.SelectMany((count, image) => Enumerable.Repeat(image, count))];
    }

    private static (ScoreMatrix ImageToText, ScoreMatrix? TextToImage) ReadJsonScores(string path)
    {
        if (FirstCharacter(path) == '[')
        {
            return (Matrix(path, "the scores", MetricFile.ReadJson<float[][]>(path, "rows of scores")), null);
        }

        var file = MetricFile.ReadJson<ScoreFile>(path, "scores");
        return file switch
        {
            { ImageToText: { } imageToText, TextToImage: { } textToImage } => (Matrix(path, "scores_i2t", imageToText), Matrix(path, "scores_t2i", textToImage)),
            { Scores: { } scores } => (Matrix(path, "scores", scores), null),
            _ => throw new InvalidDataException($"{path}: it has neither \"scores\" nor both \"scores_i2t\" and \"scores_t2i\""),
        };
    }

    private static ScoreMatrix Matrix(string path, string name, float[][] rows)
    {
        var columns = rows.Length == 0 ? 0 : rows[0].Length;
        if (Array.FindIndex(rows, row => row.Length != columns) is var odd and >= 0)
        {
            throw new InvalidDataException($"{path}: row {odd} of {name} has {rows[odd].Length} numbers, the first has {columns}");
        }

        return new ScoreMatrix(rows.Length, columns, [.. rows.SelectMany(row => row)]);
    }

    private static char FirstCharacter(string path)
    {
        using var reader = new StreamReader(path);
        int unit;
        do
        {
            unit = reader.Read();
        }
        while (unit >= 0 && char.IsWhiteSpace((char)unit));
        return unit < 0 ? throw new InvalidDataException($"{path}: the file is empty") : (char)unit;
    }

    private sealed record ScoreFile(
        [property: JsonPropertyName("scores")] float[][]? Scores = null,
        [property: JsonPropertyName("scores_i2t")] float[][]? ImageToText = null,
        [property: JsonPropertyName("scores_t2i")] float[][]? TextToImage = null);

    private sealed record Pair([property: JsonPropertyName("caption")] string[] Captions);

    private sealed record KarpathyFile([property: JsonPropertyName("images")] KarpathyImage[] Images);

    private sealed record KarpathyImage([property: JsonPropertyName("split")] string Split, [property: JsonPropertyName("sentences")] JsonElement[] Sentences);
}
