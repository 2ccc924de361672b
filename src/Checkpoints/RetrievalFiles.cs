using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text;
using Madtp.Kit.Metrics;
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
            ".npy" => (NumpyFile.ReadMatrix(scoresPath), null),
            ".json" => ReadJsonScores(scoresPath),
            _ => ReadTensorScores(scoresPath),
        };
        if (imageToText.Rows != images || imageToText.Columns != imageOfCaption.Count)
        {
            throw new InvalidDataException(
                $"{scoresPath}: the scores are [{imageToText.Rows}, {imageToText.Columns}], but {annotationsPath} has {images} "
                + $"images and {imageOfCaption.Count} captions");
        }

        return textToImage is null || (textToImage.Rows == imageToText.Columns && textToImage.Columns == imageToText.Rows)
            ? new RetrievalFiles(imageToText, textToImage, imageOfCaption)
            : throw new InvalidDataException(
                $"{scoresPath}: scores_t2i is [{textToImage.Rows}, {textToImage.Columns}], not [{imageToText.Columns}, "
                + $"{imageToText.Rows}]");
    }

    /// <summary>Recall of these scores.</summary>
    public RecallScores Recall()
        => TextToImage is null ? RetrievalRecall.Compute(ImageToText, ImageOfCaption)
            : RetrievalRecall.Compute(ImageToText, TextToImage, ImageOfCaption);

    private static List<int> ReadPairs(string path, out int images)
    {
        MetricFile.Require(path, "pairs of images and captions");
        var counts = FirstCharacter(path) == '{'
            ? MetricFile.ReadJson<KarpathyFile>(path, "a Karpathy data set").Images.Where(image => image.Split == "test")
                .Select(image => image.Sentences.Length).ToArray()
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

    private static ScoreMatrix Matrix(string path, TensorEntry entry)
    {
        if (entry.Shape.Count != 2 || entry.ElementCount * sizeof(double) > Array.MaxLength)
        {
            throw new InvalidDataException($"{path}: {entry} is not a matrix of scores");
        }

        using var scores = entry.ToTensor(ScalarType.Float32);
        return Matrix(path, (int)entry.Shape[0], (int)entry.Shape[1], scores.data<float>().ToArray());
    }

    internal static ScoreMatrix Matrix(string path, int rows, int columns, float[] values)
    {
        try
        {
            return new ScoreMatrix(rows, columns, values);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    private static ScoreMatrix Matrix(string path, string name, float[][] rows)
    {
        var columns = rows.Length == 0 ? 0 : rows[0].Length;
        if (Array.FindIndex(rows, row => row.Length != columns) is var odd and >= 0)
        {
            throw new InvalidDataException(
                $"{path}: row {odd} of {name} has {rows[odd].Length} numbers, the first has {columns}");
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

    private sealed record KarpathyImage([property: JsonPropertyName("split")] string Split,
        [property: JsonPropertyName("sentences")] JsonElement[] Sentences);
}

/// <summary>Reads a matrix that <c>numpy.save</c> wrote: 16, 32 or 64 bit floating point, either order.</summary>
internal static partial class NumpyFile
{
    /// <summary>The matrix.</summary>
    /// <exception cref="InvalidDataException">The file is no such array; the message says what it is.</exception>
    public static ScoreMatrix ReadMatrix(string path)
    {
        using var stream = File.OpenRead(path);
        var header = ReadHeader(stream, path);
        var type = Type().Match(header).Groups[1].Value;
        var size = type is "<f2" or "<f4" or "<f8" ? type[2] - '0'
            : throw new InvalidDataException(
                $"{path}: the array's type is '{type}'; scores are <f2, <f4 or <f8 (float16, float32, float64)");
        var shape = Shape().Match(header).Groups[1].Value.Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (shape.Length != 2 || !int.TryParse(shape[0], CultureInfo.InvariantCulture, out var rows)
            || !int.TryParse(shape[1], CultureInfo.InvariantCulture, out var columns))
        {
            throw new InvalidDataException(
                $"{path}: the array's shape is ({string.Join(", ", shape)}); scores have two dimensions");
        }

        var expected = (long)rows * columns * size;
        if (stream.Length - stream.Position != expected || (long)rows * columns > Array.MaxLength)
        {
            throw new InvalidDataException(
                $"{path}: [{rows}, {columns}] of {type} are {expected} bytes, but {stream.Length - stream.Position} follow the "
                + $"header");
        }

        var values = ReadValues(stream, rows * columns, size);
        return header.Contains("'fortran_order': True", StringComparison.Ordinal)
            ? RetrievalFiles.Matrix(path, columns, rows, values).Transpose()
            : RetrievalFiles.Matrix(path, rows, columns, values);
    }

    private static string ReadHeader(FileStream stream, string path)
    {
        Span<byte> start = stackalloc byte[12];
        var read = stream.ReadAtLeast(start, 12, throwOnEndOfStream: false);
        if (read < 12 || start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
        {
            throw new InvalidDataException($"{path}: it does not begin as a file of numpy.save does");
        }

        var wide = start[6] >= 2;
        long length = wide ? BinaryPrimitives.ReadUInt32LittleEndian(start[8..])
            : BinaryPrimitives.ReadUInt16LittleEndian(start[8..]);
        stream.Position = wide ? 12 : 10;
        if (length > 1 << 16 || length > stream.Length - stream.Position)
        {
            throw new InvalidDataException($"{path}: its header claims {length} bytes, which it does not have");
        }

        var header = new byte[length];
        stream.ReadExactly(header);
        return Encoding.Latin1.GetString(header);
    }

    private static float[] ReadValues(FileStream stream, int count, int size)
    {
        var values = new float[count];
        if (size == 4)
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }

        var buffer = new byte[size * 8192];
        for (var done = 0; done < count;)
        {
            var chunk = buffer.AsSpan(0, Math.Min(buffer.Length, (count - done) * size));
            stream.ReadExactly(chunk);
            for (var at = 0; at < chunk.Length; at += size)
            {
                values[done++] = size == 2 ? (float)BinaryPrimitives.ReadHalfLittleEndian(chunk[at..])
                    : (float)BinaryPrimitives.ReadDoubleLittleEndian(chunk[at..]);
            }
        }

        return values;
    }

    [GeneratedRegex(@"'descr':\s*'([^']*)'")]
    private static partial Regex Type();

    [GeneratedRegex(@"'shape':\s*\(([^)]*)\)")]
    private static partial Regex Shape();
}
