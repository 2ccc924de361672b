using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text;
using Madtp.Kit.Checkpoints;
using static TorchSharp.torch;

namespace Madtp.Kit.Metrics;

/// <summary>Recall at 1, 5 and 10 of image-text retrieval, both ways, with several captions for each image.</summary>
/// <remarks>
/// Candidates are ranked as the reference's <c>np.argsort(scores)[::-1]</c> ranks them: of equal scores the later candidate comes first.
/// An image is found at the rank of its best caption.
/// </remarks>
public static class RetrievalRecall
{
    /// <summary>Both ways from one matrix of similarities.</summary>
    /// <param name="scores">Image by caption, <c>[I, T]</c>.</param>
    /// <param name="imageOfCaption">Each caption's image, <c>[T]</c>.</param>
    /// <exception cref="ArgumentException">The map does not fit the scores, or an image has no caption.</exception>
    public static RecallScores Compute(ScoreMatrix scores, IReadOnlyList<int> imageOfCaption)
    {
        Check(scores.Rows, scores.Columns, imageOfCaption);
        return Recall(TextRanks(scores, imageOfCaption), ImageRanksFromColumns(scores, imageOfCaption));
    }

    /// <summary>Each way from its own matrix, as re-ranking gives them.</summary>
    /// <param name="imageToText">Image by caption, <c>[I, T]</c>.</param>
    /// <param name="textToImage">Caption by image, <c>[T, I]</c>.</param>
    /// <param name="imageOfCaption">Each caption's image, <c>[T]</c>.</param>
    /// <exception cref="ArgumentException">The map does not fit the scores, or an image has no caption.</exception>
    public static RecallScores Compute(ScoreMatrix imageToText, ScoreMatrix textToImage, IReadOnlyList<int> imageOfCaption)
    {
        Check(imageToText.Rows, imageToText.Columns, imageOfCaption);
        if (textToImage.Rows != imageToText.Columns || textToImage.Columns != imageToText.Rows)
        {
            throw new ArgumentException($"the scores of captions against images are [{textToImage.Rows}, {textToImage.Columns}], not [{imageToText.Columns}, {imageToText.Rows}]");
        }

        var imageRanks = imageOfCaption.Select((image, caption) => RankOf(textToImage.Row(caption), image)).ToArray();
        return Recall(TextRanks(imageToText, imageOfCaption), imageRanks);
    }

    private static RecallScores Recall(int[] text, int[] image)
    {
        static double At(int[] ranks, int k) => 100.0 * ranks.Count(rank => rank < k) / ranks.Length;
        return new RecallScores(At(text, 1), At(text, 5), At(text, 10), At(image, 1), At(image, 5), At(image, 10));
    }

    private static int[] TextRanks(ScoreMatrix scores, IReadOnlyList<int> imageOfCaption)
    {
        var best = new int[scores.Rows];
        Array.Fill(best, -1);
        for (var caption = 0; caption < imageOfCaption.Count; caption++)
        {
            var image = imageOfCaption[caption];
            var row = scores.Row(image);
            if (best[image] < 0 || row[caption] >= row[best[image]])
            {
                best[image] = caption;
            }
        }

        return [.. best.Select((caption, image) => RankOf(scores.Row(image), caption))];
    }

    /// <summary>How many candidates come before the one asked for.</summary>
    private static int RankOf(ReadOnlySpan<float> row, int index)
    {
        var (own, rank) = (row[index], 0);
        for (var i = 0; i < row.Length; i++)
        {
            rank += row[i] > own || (row[i] == own && i > index) ? 1 : 0;
        }

        return rank;
    }

    /// <summary>The same down the columns, read row by row.</summary>
    private static int[] ImageRanksFromColumns(ScoreMatrix scores, IReadOnlyList<int> imageOfCaption)
    {
        var own = new float[scores.Columns];
        for (var caption = 0; caption < own.Length; caption++)
        {
            own[caption] = scores.Row(imageOfCaption[caption])[caption];
        }

        var ranks = new int[scores.Columns];
        for (var image = 0; image < scores.Rows; image++)
        {
            var row = scores.Row(image);
            for (var caption = 0; caption < ranks.Length; caption++)
            {
                ranks[caption] += row[caption] > own[caption] || (row[caption] == own[caption] && image > imageOfCaption[caption]) ? 1 : 0;
            }
        }

        return ranks;
    }

    private static void Check(int images, int captions, IReadOnlyList<int> imageOfCaption)
    {
        if (imageOfCaption.Count != captions || captions == 0)
        {
            throw new ArgumentException($"the scores are of {captions} captions, the map is of {imageOfCaption.Count}", nameof(imageOfCaption));
        }

        var found = new bool[images];
        for (var caption = 0; caption < captions; caption++)
        {
            if ((uint)imageOfCaption[caption] >= (uint)images)
            {
                throw new ArgumentException($"caption {caption} belongs to image {imageOfCaption[caption]}, but the scores are of {images} images", nameof(imageOfCaption));
            }

            found[imageOfCaption[caption]] = true;
        }

        if (Array.IndexOf(found, false) is var lonely and >= 0)
        {
            throw new ArgumentException($"image {lonely} has no caption", nameof(imageOfCaption));
        }
    }
}

/// <summary>Recall in percent: how often a right answer is among the first one, five, ten.</summary>
/// <param name="TextAt1">Captions found for images.</param>
/// <param name="TextAt5">Captions found for images.</param>
/// <param name="TextAt10">Captions found for images.</param>
/// <param name="ImageAt1">Images found for captions.</param>
/// <param name="ImageAt5">Images found for captions.</param>
/// <param name="ImageAt10">Images found for captions.</param>
public sealed record RecallScores(double TextAt1, double TextAt5, double TextAt10, double ImageAt1, double ImageAt5, double ImageAt10)
{
    /// <summary>The mean of the three recalls of captions.</summary>
    public double TextMean => (TextAt1 + TextAt5 + TextAt10) / 3;

    /// <summary>The mean of the three recalls of images.</summary>
    public double ImageMean => (ImageAt1 + ImageAt5 + ImageAt10) / 3;

    /// <summary>The mean of both.</summary>
    public double Mean => (TextMean + ImageMean) / 2;
}

/// <summary>Scores of every row against every column.</summary>
public sealed class ScoreMatrix
{
    private readonly float[] values;

    /// <summary>Scores in row-major order.</summary>
    /// <exception cref="ArgumentException">There are not as many as the shape says, or one is not a number.</exception>
    public ScoreMatrix(int rows, int columns, float[] values)
    {
        if (rows < 0 || columns < 0 || (long)rows * columns != values.Length)
        {
            throw new ArgumentException($"{values.Length} scores do not fill [{rows}, {columns}]", nameof(values));
        }

        if (Array.FindIndex(values, float.IsNaN) is var wrong and >= 0)
        {
            throw new ArgumentException($"the score in row {wrong / columns}, column {wrong % columns} is not a number", nameof(values));
        }

        (Rows, Columns, this.values) = (rows, columns, values);
    }

    /// <summary>A copy of a rectangular array.</summary>
    /// <exception cref="ArgumentException">A score is not a number.</exception>
    public ScoreMatrix(float[,] scores)
        : this(scores.GetLength(0), scores.GetLength(1), [.. scores.Cast<float>()])
    {
    }

    /// <summary>How many rows there are.</summary>
    public int Rows { get; }

    /// <summary>How many columns there are.</summary>
    public int Columns { get; }

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> Row(int row) => values.AsSpan(row * Columns, Columns);

    /// <summary>The same scores with rows and columns exchanged.</summary>
    public ScoreMatrix Transpose()
    {
        var result = new float[values.Length];
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Columns; column++)
            {
                result[(column * Rows) + row] = values[(row * Columns) + column];
            }
        }

        return new ScoreMatrix(Columns, Rows, result);
    }
}

/// <summary>Retrieval scores and the pairs they are scores of, read from files.</summary>
/// <param name="ImageToText">Image by caption, <c>[I, T]</c>.</param>
/// <param name="TextToImage">Caption by image, <c>[T, I]</c>, where re-ranking gave it apart; else null.</param>
/// <param name="ImageOfCaption">Each caption's image, <c>[T]</c>.</param>
public sealed record RetrievalFiles(ScoreMatrix ImageToText, ScoreMatrix? TextToImage, IReadOnlyList<int> ImageOfCaption)
{
    /// <summary>Reads both.</summary>
    /// <param name="scoresPath">
    /// A matrix image by caption: <c>.npy</c>; or <c>.json</c> with rows of numbers, alone or as <c>scores</c>; or a safetensors file with <c>scores</c>.
    /// The last two may have <c>scores_i2t</c> and <c>scores_t2i</c> instead, after re-ranking.
    /// </param>
    /// <param name="annotationsPath">The pairs in the order of the scores: <c>[{"image": …, "caption": [….]}]</c>, or Karpathy's <c>dataset_*.json</c>, of which the test split is taken.</param>
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

        var bytes = new byte[entry.ByteCount];
        entry.CopyTo(bytes);
        var values = new float[entry.ElementCount];
        ElementConversion.Convert(entry.Type, bytes, ScalarType.Float32, MemoryMarshal.AsBytes(values.AsSpan()));
        return Matrix(path, (int)entry.Shape[0], (int)entry.Shape[1], values);
    }

    private static ScoreMatrix Matrix(string path, int rows, int columns, float[] values)
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
        var size = type switch { "<f2" => 2, "<f4" => 4, "<f8" => 8, _ => throw new InvalidDataException($"{path}: the array's type is '{type}'; scores are <f2, <f4 or <f8 (float16, float32, float64)") };
        var shape = Shape().Match(header).Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (shape.Length != 2 || !int.TryParse(shape[0], CultureInfo.InvariantCulture, out var rows) || !int.TryParse(shape[1], CultureInfo.InvariantCulture, out var columns))
        {
            throw new InvalidDataException($"{path}: the array's shape is ({string.Join(", ", shape)}); scores have two dimensions");
        }

        var expected = (long)rows * columns * size;
        if (stream.Length - stream.Position != expected || (long)rows * columns > Array.MaxLength)
        {
            throw new InvalidDataException($"{path}: [{rows}, {columns}] of {type} are {expected} bytes, but {stream.Length - stream.Position} follow the header");
        }

        var values = ReadValues(stream, rows * columns, size);
        return header.Contains("'fortran_order': True", StringComparison.Ordinal)
            ? Matrix(path, columns, rows, values).Transpose()
            : Matrix(path, rows, columns, values);
    }

    private static ScoreMatrix Matrix(string path, int rows, int columns, float[] values)
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

    private static string ReadHeader(FileStream stream, string path)
    {
        Span<byte> start = stackalloc byte[12];
        var read = stream.ReadAtLeast(start, 12, throwOnEndOfStream: false);
        if (read < 12 || start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
        {
            throw new InvalidDataException($"{path}: it does not begin as a file of numpy.save does");
        }

        var wide = start[6] >= 2;
        long length = wide ? BinaryPrimitives.ReadUInt32LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt16LittleEndian(start[8..]);
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
                values[done++] = size == 2 ? (float)BinaryPrimitives.ReadHalfLittleEndian(chunk[at..]) : (float)BinaryPrimitives.ReadDoubleLittleEndian(chunk[at..]);
            }
        }

        return values;
    }

    [GeneratedRegex(@"'descr':\s*'([^']*)'")]
    private static partial Regex Type();

    [GeneratedRegex(@"'shape':\s*\(([^)]*)\)")]
    private static partial Regex Shape();
}
