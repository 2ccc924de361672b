using System.Buffers.Binary;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// Reads the header of a safetensors file: an 8-byte length, a JSON object of names to type, shape and byte range, then the bytes.
/// The ranges must tile the rest of the file exactly, as the format demands: nothing overlaps, nothing is hidden.
/// </summary>
internal static class SafetensorsReader
{
    private const int MaximumHeader = 100_000_000;

    /// <summary>Whether the file begins as a safetensors file does.</summary>
    public static bool Recognizes(FileBytes file) =>
        file.Length >= 10 && file.Span(8, 1)[0] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(file.Span(0, 8)) <= long.MaxValue;

    /// <summary>All tensors in the order of their bytes, and the metadata.</summary>
    public static CheckpointContents Read(FileBytes file)
    {
        var length = BinaryPrimitives.ReadUInt64LittleEndian(file.Span(0, 8));
        if (length > MaximumHeader)
        {
            throw file.Broken($"its header claims {length} bytes, at most {MaximumHeader} are read");
        }

        if (!file.Holds(8, (long)length))
        {
            throw file.Broken($"its header claims {length} bytes, but the file has only {file.Length}");
        }

        List<Row> rows;
        Dictionary<string, string> metadata;
        try
        {
            (rows, metadata) = ReadHeader(file, file.Span(8, (int)length));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw file.Broken($"its header is not the JSON of a safetensors file ({e.Message})", e);
        }

        rows.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End != b.End ? a.End.CompareTo(b.End) : string.CompareOrdinal(a.Name, b.Name));
        var data = 8 + (long)length;
        CheckTiling(file, rows, file.Length - data);
        var tensors = rows.ConvertAll(row => new TensorEntry(row.Name, row.Type, file, data + row.Begin, row.Layout));
        return new CheckpointContents(CheckpointFormat.Safetensors, tensors, new Dictionary<string, object?>(), metadata);
    }

    private static (List<Row> Rows, Dictionary<string, string> Metadata) ReadHeader(FileBytes file, ReadOnlySpan<byte> header)
    {
        var reader = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 4 });
        var rows = new List<Row>();
        var metadata = new Dictionary<string, string>();
        var names = new HashSet<string>();
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (!names.Add(name))
            {
                throw file.Broken($"tensor '{name}' is listed twice");
            }

            if (name == "__metadata__")
            {
                ReadMetadata(ref reader, file, metadata);
            }
            else
            {
                rows.Add(ReadRow(ref reader, file, name));
            }
        }

        // Padding with spaces is the only thing allowed behind the object; the reader throws at anything else.
        reader.Read();
        return (rows, metadata);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, FileBytes file, Dictionary<string, string> metadata)
    {
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String);
            if (!metadata.TryAdd(key, reader.GetString()!))
            {
                throw file.Broken($"metadata '{key}' is given twice");
            }
        }
    }

    private static Row ReadRow(ref Utf8JsonReader reader, FileBytes file, string name)
    {
        string? type = null;
        long[]? shape = null;
        long[]? range = null;
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (reader.GetString())
            {
                case "dtype" when type is null:
                    Expect(ref reader, JsonTokenType.String);
                    type = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, file, name);
                    break;
                case "data_offsets" when range is null:
                    range = ReadNumbers(ref reader, file, name);
                    break;
                case var other:
                    throw file.Broken($"tensor '{name}' has '{other}', which a tensor has not, or twice");
            }
        }

        if (type is null || shape is null || range is not [var begin, var end])
        {
            throw file.Broken($"tensor '{name}' lacks its dtype, its shape or its two data_offsets");
        }

        var element = ElementNames.FromSafetensors(type) ?? throw file.Broken($"tensor '{name}' has element type '{type}', which is not one the kit reads");
        var layout = TensorLayout.Contiguous(shape, out var reason) ?? throw file.Broken($"tensor '{name}': {reason}");
        if (begin < 0 || end < begin || end - begin != layout.ElementCount * element.ElementSize())
        {
            throw file.Broken($"tensor '{name}' is {type} {TensorLayout.Describe(shape)}, {layout.ElementCount * element.ElementSize()} bytes, but its data_offsets are {begin} to {end}");
        }

        return new Row(name, element, layout, begin, end);
    }

    private static long[] ReadNumbers(ref Utf8JsonReader reader, FileBytes file, string name)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || numbers.Count >= 64)
            {
                throw file.Broken($"tensor '{name}' has a shape or data_offsets that is not a short list of whole numbers");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static void CheckTiling(FileBytes file, List<Row> rows, long available)
    {
        var reached = 0L;
        var previous = "the header";
        foreach (var row in rows)
        {
            if (row.End > available)
            {
                throw file.Broken($"tensor '{row.Name}' ends at byte {row.End} of the data, which has only {available}");
            }

            if (row.Begin != reached)
            {
                throw file.Broken(row.Begin < reached
                    ? $"tensor '{row.Name}' overlaps '{previous}' (it begins at byte {row.Begin} of the data, the other ends at {reached})"
                    : $"bytes {reached} to {row.Begin} of the data, before tensor '{row.Name}', belong to no tensor");
            }

            reached = row.End;
            previous = row.Name;
        }

        if (reached != available)
        {
            throw file.Broken($"the tensors end at byte {reached} of the data, which has {available}");
        }
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType expected)
    {
        if (!reader.Read() || reader.TokenType != expected)
        {
            throw new JsonException($"{expected} expected at byte {reader.TokenStartIndex}, not {reader.TokenType}");
        }
    }

    private sealed record Row(string Name, ScalarType Type, TensorLayout Layout, long Begin, long End);
}
