using System.Buffers.Binary;
using System.Text.Json;
using Madtp.Kit.Data;
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

/// <summary>
/// Writes safetensors files. The same tensors and metadata always give the same bytes: widest elements first, then by name, which
/// also leaves every tensor aligned. A file appears whole or not at all.
/// </summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <summary>Writes tensors, from any device, under the names given.</summary>
    /// <param name="path">The file; an older one is replaced when the new one is complete.</param>
    /// <param name="tensors">Tensors by name, such as a module's <c>state_dict()</c>.</param>
    /// <param name="metadata">Text to keep with them: a recipe, a temperature.</param>
    /// <exception cref="ArgumentException">A name is taken, or a tensor's type is one that checkpoints do not hold.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(path, tensors.Select(pair => new TensorSource(pair.Key, pair.Value.dtype, pair.Value.shape, stream => WriteElements(stream, pair.Value))), metadata);

    /// <summary>Writes tensors under a temporary name beside the path, flushes them to the disk, then renames.</summary>
    internal static void Write(string path, IEnumerable<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var sorted = tensors.OrderByDescending(t => t.Type.ElementSize()).ThenBy(t => t.Name, StringComparer.Ordinal).ToList();
        var header = Header(sorted, metadata ?? new Dictionary<string, string>());
        AtomicFile.Write(path, file => WriteAll(file, header, sorted), flushToDisk: true);
    }

    private static void WriteAll(FileStream file, byte[] header, List<TensorSource> tensors)
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        file.Write(length);
        file.Write(header);
        foreach (var tensor in tensors)
        {
            WriteTensor(file, tensor);
        }
    }

    private static void WriteTensor(FileStream file, TensorSource tensor)
    {
        var before = file.Position;
        tensor.Write(file);
        if (file.Position - before != tensor.ByteCount)
        {
            throw new ArgumentException($"tensor '{tensor.Name}' wrote {file.Position - before} bytes, its shape asks for {tensor.ByteCount}");
        }
    }

    private static void WriteElements(Stream stream, Tensor tensor)
    {
        if (tensor.NumberOfElements > 0)
        {
            using var detached = tensor.detach();
            using var local = detached.cpu();
            using var ordered = local.contiguous();
            stream.Write(ordered.bytes);
        }
    }

    private static byte[] Header(List<TensorSource> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            var names = new HashSet<string>();
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                if (tensor.Name == "__metadata__" || !names.Add(tensor.Name))
                {
                    throw new ArgumentException($"tensor name '{tensor.Name}' is taken");
                }

                WriteRow(json, tensor, ref offset);
            }

            json.WriteEndObject();
        }

        while (buffer.Length % Alignment != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }

    private static void WriteRow(Utf8JsonWriter json, TensorSource tensor, ref long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", ElementNames.Safetensors(tensor.Type));
        json.WriteStartArray("shape");
        foreach (var size in tensor.Shape)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset += tensor.ByteCount);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>A tensor to be written: its description, and how to write its elements row-major and little-endian.</summary>
internal sealed record TensorSource(string Name, ScalarType Type, IReadOnlyList<long> Shape, Action<Stream> Write)
{
    /// <summary>How many bytes its elements take.</summary>
    public long ByteCount => Shape.Aggregate((long)Type.ElementSize(), (product, size) => checked(product * size));
}
