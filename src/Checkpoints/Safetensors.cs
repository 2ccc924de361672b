using System.Buffers.Binary;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Madtp.Kit.Data;
using static Madtp.Kit.Text.Printable;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>Reads the header of a safetensors file: an 8-byte length, a JSON object of names to type, shape and byte range, then
/// the bytes. The ranges must tile the rest of the file exactly, as the format demands: nothing overlaps or hides.</summary>
internal static class SafetensorsReader
{
    private const int MaximumHeader = 100_000_000;
    private const int MaximumRow = 4096; // what 32 dimensions need is less

    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Whether the file begins as a safetensors file does.</summary>
    public static bool Recognizes(FileBytes file) => file.Length >= 10 && file.Take(8, 1)[0] == '{' && file.I64(0) >= 0;

    /// <summary>All tensors in the order of their bytes, and the metadata.</summary>
    public static CheckpointFile Read(FileBytes file)
    {
        var length = file.I64(0);
        Guard.Data(length <= MaximumHeader, $"its header claims {length} bytes, at most {MaximumHeader} are read");
        Guard.Data(file.Holds(8, length), $"its header claims {length} bytes, but the file has only {file.Length}");
        var budget = new MemoryBudget(file);
        budget.Take(length);
        List<Row> rows;
        Dictionary<string, string> metadata;
        try
        {
            (rows, metadata) = ReadHeader(file.Take(8, length), budget);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter of what is no text
        {
            var reason = e is JsonException wrong ? JsonRecord.Reason(wrong) : "a text has half a character, or is not UTF-8";
            throw new InvalidDataException($"its header is not the JSON of a safetensors file ({reason})", e);
        }

        rows.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)) is not 0 and var order ? order
            : string.CompareOrdinal(a.Name, b.Name));
        var data = 8 + length;
        CheckTiling(rows, file.Length - data);
        var tensors = rows.Where(row => row.Type is not null)
            .Select(row => new TensorEntry(row.Name, row.Type!.Value, file, data + row.Begin, row.Layout));
        return new CheckpointFile(file, CheckpointFormat.Safetensors, [.. tensors])
        {
            Unread = rows.Where(row => row.Type is null).ToDictionary(
                row => row.Name, row => $"{Shown(row.TypeName)} {Sizes(row.Layout.Shape)}"),
            Metadata = metadata,
        };
    }

    // Token by token: a tree of a header of a hundred megabytes would take ten times as much.
    private static (List<Row> Rows, Dictionary<string, string> Metadata) ReadHeader(byte[] header, MemoryBudget budget)
    {
        var reader = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 4 });
        var rows = new List<Row>();
        var metadata = new Dictionary<string, string>();
        var names = new HashSet<string>();
        Require(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = budget.Text(reader.GetString()!);
            Guard.Data(names.Add(name), $"tensor {Quoted(name)} is listed twice");
            reader.Read();
            if (name == "__metadata__" && reader.TokenType == JsonTokenType.Null)
                continue;

            Guard.Data(reader.TokenType == JsonTokenType.StartObject, $"tensor {Quoted(name)} is not described by an object");
            if (name != "__metadata__")
            {
                rows.Add(ReadRow(name, ref reader, budget));
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var key = budget.Text(reader.GetString()!);
                budget.Take(4 * MemoryBudget.Small);
                reader.Read();
                Require(reader.TokenType == JsonTokenType.String);
                Guard.Data(metadata.TryAdd(key, budget.Text(reader.GetString()!)), $"metadata {Quoted(key)} is given twice");
            }
        }

        Require(!reader.Read());
        return (rows, metadata);
    }

    private static Row ReadRow(string name, ref Utf8JsonReader reader, MemoryBudget budget)
    {
        var end = reader;
        end.Skip();
        Guard.Data(end.BytesConsumed - reader.BytesConsumed <= MaximumRow,
            $"tensor {Quoted(name)} is described at a length that no tensor is");
        budget.Take(48 * MemoryBudget.Small); // its row, entry, layout and places in tables
        Description said;
        try
        {
            said = JsonSerializer.Deserialize<Description>(ref reader, Strict)!;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"tensor {Quoted(name)} is not described as a tensor is ({JsonRecord.Reason(e)})", e);
        }

        var (type, shape, offsets) = said;
        Guard.Data(offsets.Length == 2, $"tensor {Quoted(name)} has {offsets.Length} data_offsets, not two");
        budget.Take(8 * 8 * shape.Length);
        var element = ElementNames.OfSafetensors(type); // null: of a kind that came after these lines
        var layout = TensorLayout.Contiguous($"tensor {Quoted(name)}", shape);
        var bytes = element is null ? offsets[1] - offsets[0] : layout.ElementCount * element.Value.Size;
        Guard.Data(offsets[0] >= 0 && offsets[1] >= offsets[0] && offsets[1] - offsets[0] == bytes,
            $"tensor {Quoted(name)} is {Shown(type)} {Sizes(shape)}, {bytes} bytes, but its "
                + $"data_offsets are {offsets[0]} to {offsets[1]}");
        return new Row(name, type, element?.Type, layout, offsets[0], offsets[1]);
    }

    private static void Require(bool holds) =>
        Guard.Data(holds, $"its header is not the JSON of a safetensors file (it is another object)");

    private static void CheckTiling(List<Row> rows, long available)
    {
        var reached = 0L;
        Row? previous = null;
        foreach (var row in rows)
        {
            Guard.Data(row.End <= available, $"tensor {row} ends at byte {row.End} of the data, which has only {available}");
            Guard.Data(row.Begin >= reached,
                $"tensor {row} overlaps {previous} (it begins at byte {row.Begin} of the data, the other ends at {reached})");
            Guard.Data(row.Begin == reached,
                $"bytes {reached} to {row.Begin} of the data, before tensor {row}, belong to no tensor");
            (reached, previous) = (row.End, row);
        }

        Guard.Data(reached == available, $"the tensors end at byte {reached} of the data, which has {available}");
    }

    private sealed record Description(string Dtype, long[] Shape, long[] DataOffsets);

    private sealed record Row(string Name, string TypeName, ScalarType? Type, TensorLayout Layout, long Begin, long End)
    {
        public override string ToString() => Quoted(Name);
    }
}

/// <summary>Writes safetensors files. The same tensors and metadata always give the same bytes: widest elements first, then by
/// name, which also leaves every tensor aligned. A file appears whole or not at all.</summary>
public static class SafetensorsWriter
{
    private const string Metadata = "__metadata__";
    private const int Alignment = 8;

    /// <summary>Writes tensors, from any device, under a temporary name beside the path, then renames.</summary>
    /// <param name="path">The file; an older one is replaced when the new one is complete and on the disk.</param>
    /// <param name="tensors">Tensors by name, such as a module's <c>state_dict()</c>.</param>
    /// <param name="metadata">Text to keep with them: a recipe, a temperature.</param>
    /// <exception cref="ArgumentException">A name is taken, or a tensor's type is one that checkpoints do not hold.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(
        string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var sorted = tensors.OrderByDescending(pair => pair.Value.ElementSize).ThenBy(pair => pair.Key, StringComparer.Ordinal)
            .ToList();
        var header = Header(sorted, metadata ?? new Dictionary<string, string>());
        AtomicFile.Write(path, file => WriteAll(file, header, sorted.Select(pair => pair.Value)));
    }

    private static void WriteAll(FileStream file, byte[] header, IEnumerable<Tensor> tensors)
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        file.Write(length);
        file.Write(header);
        foreach (var tensor in tensors.Where(tensor => tensor.NumberOfElements > 0))
        {
            using var detached = tensor.detach();
            using var local = detached.cpu();
            using var ordered = local.contiguous();
            file.Write(ordered.bytes);
        }
    }

    private static byte[] Header(List<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var header = new JsonObject();
        if (metadata.Count > 0)
        {
            var texts = metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal);
            header[Metadata] = new JsonObject(texts.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        }

        var offset = 0L;
        foreach (var (name, tensor) in tensors)
        {
            header[name] = name == Metadata ? throw new ArgumentException($"tensor name '{name}' is taken") : new JsonObject
            {
                ["dtype"] = ElementNames.Safetensors(tensor.dtype),
                ["shape"] = new JsonArray([.. tensor.shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(offset, offset += tensor.NumberOfElements * tensor.ElementSize),
            };
        }

        var text = Encoding.UTF8.GetBytes(header.ToJsonString());
        return [.. text, .. Enumerable.Repeat((byte)' ', -text.Length & (Alignment - 1))];
    }
}
