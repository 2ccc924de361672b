using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Madtp.Kit.Benchmarks;

/// <summary>
/// Damages inputs with regard to their structure, so that what is damaged is not noticed at the first byte already.
/// </summary>
internal static class FuzzMutations
{
    private const string Hole = "@hole@";

    private static readonly long[] Numbers =
        [0, 1, -1, 2, 127, 128, 255, 256, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 40, long.MaxValue,
            long.MinValue];

    // As they stand in a file; bytes that are no UTF-8 as Latin-1.
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "0.5", "1e999", "-1e999", "NaN", "99999999999", "99999999999999999999999", "1E5",
            "00", "\"\"",
        "\"\\ud800\"", "\"\\udc00x\"", "\"\\u0000\"", "\"\\u001b[2J\"", "\"\u00e9\u00ff\"", "\"True\"", "\" true\"", "\"1\"",
            "\"{0}\"",
        "\"../../x\"", "\"/x\"", "\"a-b-c-d\"", "\"F32\"", "\"I64\"", "[]", "{}", "[null]", "[[]]", "[1,2]", "[\"a\",\"b\"]",
            "{\"a\":1}",
        "\"" + new string('&', 3000) + "\"", "\"" + new string('a', 5000) + "\"", new string('[', 300) + new string(']', 300),
        "[9223372036854775807]", "[-1]", "[4611686018427387904,4]", "", ",", "}", "\"",
    ];

    private static readonly string[] PickleTokens =
    [
        "cbuiltins\neval\n", "ctorch\nFloatStorage\n", "ctorch\nstorage\n", "ccollections\nOrderedDict\n",
            "ctorch._utils\n_rebuild_tensor_v2\n",
        "(", ")", "t", "R", "Q", "}", "]", "N", "0", "2", "b", "s", "u", "a", "e", "d", "l", ".", "\x81", "\x85", "\x86", "\x87",
            "\x88",
        "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", "\x8a\xff", "X\xff\xff\xff\x7f", "\x8c\x05torch", "h\x00", "q\x00",
            "j\xff\xff\xff\xff",
        "\x8a\x00", "I01\n", "I99999999999999999999\n", "F1e999\n", "S'a'\n", "\x95\xff\xff\xff\xff\xff\xff\xff\xff", "\x93",
            "\x94", "\x90",
        "(((((((((((((((((((((((((", "]]]]]]]]]]]]]]]]]]]]]]]", "T\x00\x00\x00\x00", "L99\n", "g0\n", "p0\n", "i__main__\nx\n",
    ];

    /// <summary>Some bytes changed, removed, repeated, or taken from another input.</summary>
    public static byte[] Bytes(Random random, byte[] input, byte[] other)
    {
        var bytes = input.ToList();
        for (var times = 1 + (random.Next(4) * random.Next(2)); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Next(3) == 0 ? random.Next(Math.Min(bytes.Count, 64)) : random.Next(bytes.Count);
            var length = Math.Min(1 << random.Next(8), bytes.Count - at);
            switch (random.Next(9))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: Overwrite(random, bytes, at); break;
                case 3: bytes.RemoveRange(at, length); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 5: bytes.RemoveRange(at, bytes.Count - at); break;
                case 6: bytes.InsertRange(at, Enumerable.Repeat((byte)random.Next(256), length)); break;
                case 7: bytes.InsertRange(at, Piece(random, other)); break;
                default: (bytes[at], bytes[random.Next(bytes.Count)]) = (bytes[random.Next(bytes.Count)], bytes[at]); break;
            }
        }

        return [.. bytes];
    }

    /// <summary>
    /// JSON with some values, names and entries replaced, repeated or removed; each line alone where there are several.
    /// </summary>
    public static byte[] Json(Random random, byte[] input, byte[] other)
    {
        var lines = Encoding.Latin1.GetString(input).Split('\n');
        var line = random.Next(lines.Length);
        if (Parsed(lines[line]) is not JsonNode tree)
        {
            line = 0;
            tree = Parsed(Encoding.UTF8.GetString(input)) ?? new JsonArray();
            lines = [""];
        }

        var fillings = new List<string>();
        for (var times = 1 + random.Next(3); times > 0; times--)
            tree = Damaged(random, tree, fillings);

        var text = tree.ToJsonString();
        foreach (var filling in fillings)
        {
            var at = text.IndexOf(Hole, StringComparison.Ordinal);
            text = at < 0 ? text : filling.StartsWith(':') // a name, whose quotes stay
                ? $"{text[..at]}{filling[1..]}{text[(at + Hole.Length)..]}"
                : $"{text[..(at - 1)]}{filling}{text[(at + Hole.Length + 1)..]}";
        }

        lines[line] = text;
        var bytes = Encoding.Latin1.GetBytes(string.Join('\n', lines));
        return random.Next(6) == 0 ? Bytes(random, bytes, other) : bytes;
    }

    /// <summary>A safetensors file: its header damaged as JSON and measured again, or its bytes.</summary>
    public static byte[] Safetensors(Random random, byte[] input, byte[] other)
    {
        if (random.Next(4) == 0)
            return Bytes(random, input, other);

        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(input);
        var header = Json(random, input[8..(8 + length)], other);
        var size = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(size, header.Length);
        return [.. size, .. header, .. input[(8 + length)..]];
    }

    /// <summary>
    /// A zip archive: one of its entries damaged as the pickle it is, renamed, removed or repeated; or its bytes.
    /// </summary>
    public static byte[] Zip(Random random, byte[] input, byte[] other)
    {
        if (random.Next(4) == 0)
            return Bytes(random, input, other);

        var written = new MemoryStream();
        using (var read = new ZipArchive(new MemoryStream(input)))
        using (var archive = new ZipArchive(written, ZipArchiveMode.Create, leaveOpen: true))
        {
            var chosen = random.Next(2) == 0 ? read.Entries.ToList()
                .FindIndex(entry => entry.Name.EndsWith(".pkl", StringComparison.Ordinal))
                : random.Next(read.Entries.Count);
            foreach (var (index, entry) in read.Entries.Index())
            {
                using var content = new MemoryStream();
                using (var stream = entry.Open())
                    stream.CopyTo(content);

                var what = index == chosen ? random.Next(8) : -1;
                var bytes = what is >= 0 and < 5 ? Pickle(random, content.ToArray(), other) : content.ToArray();
                for (var times = what == 5 ? 0 : what == 6 ? 2 : 1; times > 0; times--)
                    Add(archive, what == 7 ? entry.FullName + "x" : entry.FullName, bytes);
            }
        }

        return written.ToArray();
    }

    /// <summary>A pickle with operations inserted or replaced, or its bytes.</summary>
    public static byte[] Pickle(Random random, byte[] input, byte[] other)
    {
        var bytes = input;
        for (var times = 1 + random.Next(3); times > 0 && bytes.Length > 0; times--)
        {
            var at = random.Next(bytes.Length);
            var token = Encoding.Latin1.GetBytes(PickleTokens[random.Next(PickleTokens.Length)]);
            bytes = random.Next(3) switch
            {
                0 => Bytes(random, bytes, other),
                1 => [.. bytes[..at], .. token, .. bytes[at..]],
                _ => [.. bytes[..at], .. token, .. bytes[Math.Min(bytes.Length, at + token.Length)..]],
            };
        }

        return bytes;
    }

    /// <summary>A PNG with one of its chunks damaged, removed or repeated, and its checksum made right; or its bytes.</summary>
    public static byte[] Png(Random random, byte[] input, byte[] other)
    {
        if (random.Next(3) == 0)
            return Bytes(random, input, other);

        var chunks = new List<(byte[] Type, byte[] Data)>();
        for (var at = 8; at + 12 <= input.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt32BigEndian(input.AsSpan(at));
            chunks.Add((input[(at + 4)..(at + 8)], input[(at + 8)..(at + 8 + length)]));
            at += 12 + length;
        }

        var chosen = random.Next(chunks.Count);
        switch (random.Next(5))
        {
            case 0: chunks.RemoveAt(chosen); break;
            case 1: chunks.Insert(random.Next(chunks.Count), chunks[chosen]); break;
            case 2: chunks[chosen] = (Bytes(random, chunks[chosen].Type, other), chunks[chosen].Data); break;
            default: chunks[chosen] = (chunks[chosen].Type, Bytes(random, chunks[chosen].Data, other)); break;
        }

        return [.. input[..8], .. chunks.SelectMany(chunk => Chunk([.. chunk.Type.Concat(new byte[4]).Take(4), .. chunk.Data]))];
    }

    private static byte[] Chunk(byte[] body)
    {
        var crc = uint.MaxValue;
        foreach (var one in body)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320u);
        }

        byte[] Number(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
        return [.. Number((uint)body.Length - 4), .. body, .. Number(~crc)];
    }

    private static JsonNode? Parsed(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonNode Damaged(Random random, JsonNode tree, List<string> fillings)
    {
        var nodes = new List<JsonNode>();
        Gather(tree);
        var node = nodes.Count > 0 ? nodes[random.Next(nodes.Count)] : tree;
        switch (node)
        {
            case JsonObject { Count: > 0 } map:
                var (name, value) = map.ElementAt(random.Next(map.Count));
                switch (random.Next(6))
                {
                    case 0: map.Remove(name); break;
                    case 1: Fill(() => map.TryAdd(Hole, value?.DeepClone()), $":{name}"); break; // given twice
                    case 2: Fill(() => map.TryAdd(Hole, 1), ":" + (random.Next(2) == 0 ? "\\ud800" : "\u00e9")); break;
                    default: Fill(() => map[name] = Hole, Values[random.Next(Values.Length)]); break;
                }

                break;
            case JsonArray { Count: > 0 } list:
                var index = random.Next(list.Count);
                switch (random.Next(4))
                {
                    case 0: list.RemoveAt(index); break;
                    case 1: list.Add(list[index]?.DeepClone()); break;
                    default: Fill(() => list[index] = Hole, Values[random.Next(Values.Length)]); break;
                }

                break;
            default:
                return tree;
        }

        return tree;

        void Fill(Action make, string filling)
        {
            if (!tree.ToJsonString().Contains(Hole, StringComparison.Ordinal))
            {
                make(); // one at a time: they are filled in the order of the text
                fillings.Add(filling);
            }
        }

        void Gather(JsonNode? one)
        {
            if (one is JsonObject map)
            {
                nodes.Add(map);
                map.ToList().ForEach(pair => Gather(pair.Value));
            }
            else if (one is JsonArray list)
            {
                nodes.Add(list);
                list.ToList().ForEach(Gather);
            }
        }
    }

    private static void Overwrite(Random random, List<byte> bytes, int at)
    {
        var value = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(value, random.Next(8) == 0 ? bytes.Count : Numbers[random.Next(Numbers.Length)]);
        var width = 1 << random.Next(4);
        if (random.Next(2) == 0)
            Array.Reverse(value, 0, width);

        for (var i = 0; i < width && at + i < bytes.Count; i++)
            bytes[at + i] = value[i];
    }

    private static byte[] Piece(Random random, byte[] other)
    {
        var from = random.Next(other.Length + 1);
        return other[from..Math.Min(other.Length, from + (1 << random.Next(8)))];
    }

    private static void Add(ZipArchive archive, string name, byte[] bytes)
    {
        using var stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
        stream.Write(bytes);
    }
}
