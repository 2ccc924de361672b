using System.Buffers.Binary;
using System.Text.Json;
using Madtp.Kit.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

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
