using System.Text.Json.Serialization;
using Madtp.Kit.Data;
using Madtp.Kit.Metrics;
using TorchSharp;
using static Madtp.Kit.Text.Printable;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>Retrieval scores and the pairs they are scores of, read from files.</summary>
/// <param name="ImageToText">Image by caption, <c>[I, T]</c>.</param>
/// <param name="TextToImage">Caption by image, <c>[T, I]</c>, where re-ranking gave it apart; else null.</param>
/// <param name="ImageOfCaption">Each caption's image, <c>[T]</c>.</param>
public sealed record RetrievalFiles(Tensor ImageToText, Tensor? TextToImage, IReadOnlyList<int> ImageOfCaption)
{
    private static readonly JsonSerializerOptions Options = new() { NumberHandling = JsonNumberHandling.AllowReadingFromString };

    /// <summary>Reads both.</summary>
    /// <param name="scoresPath">A matrix image by caption: <c>.npy</c>; or <c>.json</c> with rows of numbers, alone or as
    /// <c>scores</c>; or a safetensors file with <c>scores</c>. The last two may have <c>scores_i2t</c> and <c>scores_t2i</c>
    /// instead, after re-ranking.</param>
    /// <param name="annotationsPath">The pairs in the order of the scores, in any form of <see cref="CaptionImages"/>; of
    /// Karpathy's <c>dataset_*.json</c> the test split is taken.</param>
    /// <exception cref="InvalidDataException">A file has another form, or the two do not fit.</exception>
    public static RetrievalFiles Read(string scoresPath, string annotationsPath)
    {
        var images = CaptionImages.Load(annotationsPath, imageFolder: "", "test").Select(image => image.Captions.Count).ToList();
        int[] imageOfCaption = [.. images.SelectMany((captions, image) => Enumerable.Repeat(image, captions))];
        var (imageToText, textToImage) = Path.GetExtension(scoresPath).ToLowerInvariant() switch
        {
            ".npy" => (ReadNumpyScores(scoresPath), null),
            ".json" => ReadJsonScores(scoresPath),
            _ => ReadTensorScores(scoresPath),
        };
        var (rows, columns) = (imageToText.shape[0], imageToText.shape[1]);
        Guard.Data(rows == images.Count && columns == imageOfCaption.Length,
            $"{scoresPath}: the scores are [{rows}, {columns}], but {annotationsPath} has {images.Count} images and "
                + $"{imageOfCaption.Length} captions");
        Guard.Data(textToImage is null || (textToImage.shape[0] == columns && textToImage.shape[1] == rows),
            $"{scoresPath}: scores_t2i is [{textToImage!.shape[0]}, {textToImage.shape[1]}], not [{columns}, {rows}]");
        return new RetrievalFiles(imageToText, textToImage, imageOfCaption);
    }

    /// <summary>Recall of these scores.</summary>
    public RecallScores Recall() => RetrievalRecall.Compute(ImageToText, ImageOfCaption, TextToImage);

    private static (Tensor ImageToText, Tensor? TextToImage) ReadJsonScores(string path)
    {
        if (JsonList.IsArray(path))
            return (Matrix(path, "the scores", ReadJson<double[][]>(path)), null);

        return ReadJson<ScoreFile>(path) switch
        {
            { ImageToText: { } imageToText, TextToImage: { } textToImage } =>
                (Matrix(path, "scores_i2t", imageToText), Matrix(path, "scores_t2i", textToImage)),
            { Scores: { } scores } => (Matrix(path, "scores", scores), null),
            _ => throw new InvalidDataException($"{path}: it has neither \"scores\" nor both \"scores_i2t\" and \"scores_t2i\""),
        };
    }

    private static (Tensor ImageToText, Tensor? TextToImage) ReadTensorScores(string path)
    {
        using var file = CheckpointFile.Open(path);
        return file.TryGet("scores_i2t", out var imageToText) && file.TryGet("scores_t2i", out var textToImage)
            ? (Matrix(path, imageToText), Matrix(path, textToImage))
            : (Matrix(path, file["scores"]), null);
    }

    private static Tensor ReadNumpyScores(string path)
    {
        using var file = new FileBytes(path);
        return Matrix(path, NumpyFile.Open(file));
    }

    private static Tensor Matrix(string path, TensorEntry entry)
    {
        var isMatrix = entry.Shape.Count == 2 && entry.ElementCount <= Array.MaxLength;
        Guard.Data(isMatrix, $"{path}: {entry} is not a matrix of scores");
        var scores = entry.ToTensor(entry.Type == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32);
        var wrong = RetrievalRecall.NotANumber(scores);
        return wrong is null ? scores : throw new InvalidDataException($"{path}: {wrong}");
    }

    private static Tensor Matrix(string path, string name, double[][] rows)
    {
        var columns = rows.FirstOrDefault()?.Length ?? 0;
        var odd = Array.FindIndex(rows, row => (row?.Length ?? 0) != columns);
        Guard.Data(odd < 0, $"{path}: row {odd} of {name} has {rows[odd]?.Length ?? 0} numbers, the first has {columns}");
        var isFinite = Array.TrueForAll(rows, row => Array.TrueForAll(row ?? [], double.IsFinite));
        Guard.Data(isFinite, $"{path}: not every number of {name} is finite");
        return tensor(rows.SelectMany(row => row ?? []).ToArray(), [rows.Length, columns]);
    }

    private static T ReadJson<T>(string path) => JsonRecord.Read<T>(
        path, e => $"{path}, line {e.LineNumber + 1}: not rows of scores ({JsonRecord.Reason(e)})", Options);

    private sealed record ScoreFile(
        [property: JsonPropertyName("scores")] double[][]? Scores = null,
        [property: JsonPropertyName("scores_i2t")] double[][]? ImageToText = null,
        [property: JsonPropertyName("scores_t2i")] double[][]? TextToImage = null);
}

/// <summary>Reads a matrix that <c>numpy.save</c> wrote: 16, 32 or 64 bit floating point, either order.</summary>
internal static partial class NumpyFile
{
    /// <summary>The matrix as a tensor that lies in the file.</summary>
    /// <exception cref="InvalidDataException">The file is no such array; the message says what it is.</exception>
    public static TensorEntry Open(FileBytes file)
    {
        var begins = file.Length >= 12 && file.Take(0, 6) is [0x93, .. var letters] && letters.AsSpan().SequenceEqual("NUMPY"u8);
        Guard.Data(begins, $"{file.Path}: it does not begin as a file of numpy.save does");
        var (at, length) = file.Take(6, 1)[0] >= 2 ? (12, file.U32(8)) : (10, file.U32(8) & 0xffff);
        Guard.Data(length <= 1 << 16 && file.Holds(at, length),
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
        Guard.Data(type is not null,
            $"{file.Path}: the array's type is {Quoted(name)}; scores are <f2, <f4 or <f8 (float16, float32, float64)");
        var text = Shape().Match(header).Groups[1].Value;
        long[] shape = [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(size => int.TryParse(size, CultureInfo.InvariantCulture, out var number) ? number : -1L)];
        Guard.Data(shape.Length == 2 && shape.All(size => size >= 0),
            $"{file.Path}: the array's shape is ({Shown(text)}); scores have two dimensions");
        var isTransposed = header.Contains("'fortran_order': True", StringComparison.Ordinal);
        var layout = TensorLayout.Contiguous($"{file.Path}: the array", isTransposed ? [shape[1], shape[0]] : shape);
        var (expected, found) = (layout.ElementCount * type.Value.ElementSize(), file.Length - at - length);
        Guard.Data(found == expected,
            $"{file.Path}: {Sizes(shape)} of {name} are {expected} bytes, but {found} follow the header");
        var entry = new TensorEntry("scores", type.Value, file, at + length, layout);
        return isTransposed ? entry.Transposed() : entry;
    }

    [GeneratedRegex(@"'descr':\s*'([^']*)'")]
    private static partial Regex Type();

    [GeneratedRegex(@"'shape':\s*\(([^)]*)\)")]
    private static partial Regex Shape();
}
