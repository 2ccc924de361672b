using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Madtp.Kit.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>Retrieval scores and the pairs they are scores of, read from files.</summary>
/// <param name="ImageToText">Image by caption, <c>[I, T]</c>.</param>
/// <param name="TextToImage">Caption by image, <c>[T, I]</c>, where re-ranking gave it apart; else null.</param>
/// <param name="ImageOfCaption">Each caption's image, <c>[T]</c>.</param>
public sealed record RetrievalFiles(ScoreMatrix ImageToText, ScoreMatrix? TextToImage, IReadOnlyList<int> ImageOfCaption)
{
    /// <summary>Reads both.</summary>
    /// <param name="scoresPath">
    /// A matrix image by caption: <c>.npy</c>; or <c>.json</c> with rows of numbers, alone or as <c>scores</c>; or a safetensors
    /// file with <c>scores</c>. The last two may have <c>scores_i2t</c> and <c>scores_t2i</c> instead, after re-ranking.
    /// </param>
    /// <param name="annotationsPath">
    /// The pairs in the order of the scores: <c>[{"image": …, "caption": [….]}]</c>, or Karpathy's <c>dataset_*.json</c>, of
    /// which the test split is taken.
    /// </param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file has another form, or the two do not fit.</exception>
    public static RetrievalFiles Read(string scoresPath, string annotationsPath)
    {
        var imageOfCaption = ReadPairs(annotationsPath, out var images);
        MetricFile.Require(scoresPath, "retrieval scores");
        var (imageToText, textToImage) = Path.GetExtension(scoresPath).ToLowerInvariant() switch
        {
            ".npy" => (ReadNumpyScores(scoresPath), null),
            ".json" => ReadJsonScores(scoresPath),
            _ => ReadTensorScores(scoresPath),
        };
        var (rows, columns) = (imageToText.Rows, imageToText.Columns);
        Damage.Unless(
            rows == images && columns == imageOfCaption.Count,
            $"{scoresPath}: the scores are [{rows}, {columns}], but {annotationsPath} has {images} images and "
                + $"{imageOfCaption.Count} captions");
        Damage.Unless(
            textToImage is null || (textToImage.Rows == columns && textToImage.Columns == rows),
            $"{scoresPath}: scores_t2i is [{textToImage!.Rows}, {textToImage.Columns}], not [{columns}, {rows}]");
        return new RetrievalFiles(imageToText, textToImage, imageOfCaption);
    }

    /// <summary>Recall of these scores.</summary>
    public RecallScores Recall() => RetrievalRecall.Compute(ImageToText, ImageOfCaption, TextToImage);

    private static List<int> ReadPairs(string path, out int images)
    {
        MetricFile.Require(path, "pairs of images and captions");
        var counts = FirstCharacter(path) == '{'
            ? MetricFile.ReadJson<KarpathyFile>(path, "a Karpathy data set").Images.Where(image => image.Split == "test")
                .Select(image => image.Sentences.Length).ToArray()
            : MetricFile.ReadJson<Pair[]>(path, "images with their captions").Select(pair => pair.Captions.Length).ToArray();
        var lonely = Array.IndexOf(counts, 0);
        Damage.Unless(counts.Length > 0, $"{path}: there is no image of a test split in it");
        Damage.Unless(lonely < 0, $"{path}: image {lonely} has no caption");
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
            { ImageToText: { } imageToText, TextToImage: { } textToImage } =>
                (Matrix(path, "scores_i2t", imageToText), Matrix(path, "scores_t2i", textToImage)),
            { Scores: { } scores } => (Matrix(path, "scores", scores), null),
            _ => throw new InvalidDataException($"{path}: it has neither \"scores\" nor both \"scores_i2t\" and \"scores_t2i\""),
        };
    }

    private static (ScoreMatrix ImageToText, ScoreMatrix? TextToImage) ReadTensorScores(string path)
    {
        using var file = CheckpointFile.Open(path);
        return file.TryGet("scores_i2t", out var imageToText) && file.TryGet("scores_t2i", out var textToImage)
            ? (Matrix(path, imageToText), Matrix(path, textToImage))
            : (Matrix(path, file["scores"]), null);
    }

    private static ScoreMatrix ReadNumpyScores(string path)
    {
        using var file = new FileBytes(path);
        return Matrix(path, NumpyFile.Open(file));
    }

    private static ScoreMatrix Matrix(string path, TensorEntry entry)
    {
        var isMatrix = entry.Shape.Count == 2 && entry.ElementCount <= Array.MaxLength;
        Damage.Unless(isMatrix, $"{path}: {entry} is not a matrix of scores");
        using var scores = entry.ToTensor(ScalarType.Float32);
        try
        {
            return new ScoreMatrix((int)entry.Shape[0], (int)entry.Shape[1], scores.data<float>().ToArray());
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    private static ScoreMatrix Matrix(string path, string name, float[][] rows)
    {
        var columns = rows.Length == 0 ? 0 : rows[0].Length;
        var odd = Array.FindIndex(rows, row => row.Length != columns);
        Damage.Unless(odd < 0, $"{path}: row {odd} of {name} has {rows[odd].Length} numbers, the first has {columns}");
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

    private sealed record KarpathyImage([property: JsonPropertyName("split")] string Split,
        [property: JsonPropertyName("sentences")] JsonElement[] Sentences);
}

/// <summary>Reads a matrix that <c>numpy.save</c> wrote: 16, 32 or 64 bit floating point, either order.</summary>
internal static partial class NumpyFile
{
    /// <summary>The matrix as a tensor that lies in the file.</summary>
    /// <exception cref="InvalidDataException">The file is no such array; the message says what it is.</exception>
    public static TensorEntry Open(FileBytes file)
    {
        var begins = file.Length >= 12 && file.Take(0, 6) is [0x93, .. var letters] && letters.AsSpan().SequenceEqual("NUMPY"u8);
        Damage.Unless(begins, $"{file.Path}: it does not begin as a file of numpy.save does");
        var (at, length) = file.Take(6, 1)[0] >= 2 ? (12, file.U32(8)) : (10, file.U32(8) & 0xffff);
        Damage.Unless(length <= 1 << 16 && file.Holds(at, length),
            $"{file.Path}: its header claims {length} bytes, which it does not have");
        var header = Encoding.Latin1.GetString(file.Take(at, length));
        var name = Type().Match(header).Groups[1].Value;
        ScalarType? type = name switch
        {
            "<f2" => ScalarType.Float16,
            "<f4" => ScalarType.Float32,
            "<f8" => ScalarType.Float64,
            _ => null,
        };
        Damage.Unless(type is not null,
            $"{file.Path}: the array's type is '{name}'; scores are <f2, <f4 or <f8 (float16, float32, float64)");
        var text = Shape().Match(header).Groups[1].Value;
        long[] shape = [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(size => int.TryParse(size, CultureInfo.InvariantCulture, out var number) ? number : -1L)];
        Damage.Unless(shape.Length == 2 && shape.All(size => size >= 0),
            $"{file.Path}: the array's shape is ({text}); scores have two dimensions");
        var isTransposed = header.Contains("'fortran_order': True", StringComparison.Ordinal);
        var layout = TensorLayout.Contiguous($"{file.Path}: the array", isTransposed ? [shape[1], shape[0]] : shape);
        var (expected, found) = (layout.ElementCount * type.Value.ElementSize(), file.Length - at - length);
        Damage.Unless(found == expected,
            $"{file.Path}: {Damage.Shape(shape)} of {name} are {expected} bytes, but {found} follow the header");
        var entry = new TensorEntry("scores", type.Value, file, at + length, layout);
        return isTransposed ? entry.Transposed() : entry;
    }

    [GeneratedRegex(@"'descr':\s*'([^']*)'")]
    private static partial Regex Type();

    [GeneratedRegex(@"'shape':\s*\(([^)]*)\)")]
    private static partial Regex Shape();
}
