using System.Buffers.Binary;
using System.Text;
using FsCheck.Fluent;
using FsCheck;
using Madtp.Kit.Checkpoints;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Checkpoints;

public class SafetensorsTests
{
    [Fact]
    public void What_is_written_is_read_back()
    {
        var names = Gen.Elements("weight", "bias", "a.b.c", "é", "x y", "\"quoted\"", "0", "__meta", "transformer.resblocks.0.attn.in_proj_weight");
        var shapes = Gen.Choose(0, 3).SelectMany(rank => Gen.Choose(0, 4).Select(size => (long)size).ArrayOf(rank));
        var tensor = from name in names
                     from type in Gen.Elements(Enum.GetValues<ScalarType>().Where(type => type.ToString()[0] is not ('Q' or 'C')).ToArray())
                     from shape in shapes
                     from seed in Gen.Choose(0, 1000)
                     select (Name: name, Type: type, Shape: shape, Seed: seed);
        var file = tensor.ListOf().Select(list => list.DistinctBy(t => t.Name).ToArray());
        Prop.ForAll(Arb.From(file), tensors =>
        {
            using var folder = new TemporaryFolder();
            var path = folder.File("file.safetensors");
            var contents = tensors.ToDictionary(t => t.Name, t => Content(t.Seed, t.Type, t.Shape));
            var filled = tensors.ToDictionary(t => t.Name, t => Filled(t.Type, t.Shape, contents[t.Name]));
            SafetensorsWriter.Write(path, filled, new Dictionary<string, string> { ["kit"] = "yes" });
            using var read = CheckpointFile.Open(path);
            Assert.Equal("yes", read.Metadata["kit"]);
            Assert.Equal(tensors.Length, read.Tensors.Count);
            foreach (var (name, type, shape, _) in tensors)
            {
                var bytes = new byte[read[name].ByteCount];
                read[name].CopyTo(bytes);
                Assert.Equal(type, read[name].Type);
                Assert.Equal(shape, read[name].Shape);
                Assert.Equal(contents[name], bytes);
            }
        }).Check(Config.QuickThrowOnFailure.WithReplay(7, 7));
    }

    [Fact]
    public void The_same_tensors_give_the_same_bytes_in_any_order()
    {
        using var folder = new TemporaryFolder();
        (string Name, Tensor Tensor)[] tensors =
        [
            ("b", rand(3)), ("a", rand(2)), ("c", ones(1, dtype: int64)), ("d", zeros(5, dtype: @bool)),
        ];
        var (forward, backward) = (tensors.ToDictionary(), tensors.Reverse().ToDictionary());
        SafetensorsWriter.Write(folder.File("1"), forward, new Dictionary<string, string> { ["x"] = "1", ["a"] = "2" });
        SafetensorsWriter.Write(folder.File("2"), backward, new Dictionary<string, string> { ["a"] = "2", ["x"] = "1" });
        Assert.Equal(System.IO.File.ReadAllBytes(folder.File("1")), System.IO.File.ReadAllBytes(folder.File("2")));
        using var read = CheckpointFile.Open(folder.File("1"));
        Assert.Equal(["c", "a", "b", "d"], read.Tensors.Select(t => t.Name));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_file_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write([1, 2, 3], "file.safetensors");
        void Write(string name, Tensor tensor) =>
            SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["a"] = ones(2), [name] = tensor });
        Assert.Contains("is taken", Assert.Throws<ArgumentException>(() => Write("__metadata__", ones(1))).Message);
        Assert.Contains("not kept", Assert.Throws<ArgumentException>(() => Write("w", ones(1, dtype: complex64))).Message);
        Assert.ThrowsAny<Exception>(() => Write("w", ones(2, device: new Device("meta")))); // has no elements to write
        Assert.Equal([1, 2, 3], System.IO.File.ReadAllBytes(path));
        Assert.Equal([path], folder.Files());
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "ends at byte 8 of the data, which has only 7")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "end at byte 8 of the data, which has 9")]
    [InlineData("""{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "12 bytes, but its data_offsets are 0 to 8")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "data_offsets are 8 to 0")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "data_offsets are -8 to 0")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "negative size")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", 8, "more elements than any file")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "more elements than any file")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}""", 8, "'w' is not described as a tensor is ($.data_offsets[1] is of another kind")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", 8, "$.shape[0] is of another kind")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4, "33 dimensions")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2]}}""", 8, "'w' is not described as a tensor is (no \"data_offsets\"")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}""", 8, "'w' has 3 data_offsets")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}""", 8, "Duplicate property 'shape'")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"code":"x"}}""", 8, "$.code is not known")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16, "'w' is listed twice")]
    [InlineData("""{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "'w' overlaps 'v'")]
    [InlineData("""{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "'w' overlaps 'v'")]
    [InlineData("""{"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "bytes 4 to 8 of the data, before tensor 'w', belong to no tensor")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4611686018427387904,0],"data_offsets":[0,0]}}""", 0, "more elements than any file")]
    [InlineData("""{"w":[]}""", 0, "'w' is not described by an object")]
    [InlineData("""{"w":{"dtype":{"a":{"b":{"c":{}}}}}}""", 0, "not the JSON")]
    [InlineData("""{"w":""", 0, "not the JSON")]
    [InlineData("""{} {}""", 0, "not the JSON")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "not the JSON")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "'a' is given twice")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4, "not the JSON")]
    public void A_header_that_lies_is_named(string header, int data, string expected) => Assert.Contains(expected, Failure(File(header, data)));

    [Fact]
    public void A_length_that_lies_is_named()
    {
        Assert.Contains("at most 100000000", Failure(File("{}", 0, ulong.MaxValue >> 1)));
        Assert.Contains("claims 50000000 bytes, but the file has only 10", Failure(File("{}", 0, 50_000_000)));
        Assert.Contains("not a checkpoint", Failure(File("{}", 0, ulong.MaxValue)));
        Assert.Contains("not a checkpoint", Failure(File("[]", 0)));
        Assert.Contains("not a checkpoint", Failure([1, 2, 3]));
        Assert.Contains("is empty", Failure([]));
        Assert.Contains("bare pickle", Failure(new PickleBytes().Op("N").Stop()));
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull")]
    [InlineData("\n<!DOCTYPE html><html>", "a page of the web")]
    [InlineData("{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\"}}", "several files")]
    [InlineData("\u001f\u008b\u0008\0\0\0", "gzip")]
    [InlineData("GGUF\u0003\0\0\0", "GGUF")]
    public void What_lies_in_a_checkpoints_place_is_told(string content, string said) =>
        Assert.Contains(said, Failure(Encoding.Latin1.GetBytes(content)), StringComparison.Ordinal);

    // The format gains element types faster than models use them.
    [Fact]
    public void A_tensor_of_a_type_that_came_later_is_listed_and_stops_nobody()
    {
        using var folder = new TemporaryFolder();
        using var file = CheckpointFile.Open(folder.Write(File(
            """{"q":{"dtype":"F4","shape":[2],"data_offsets":[0,1]},"w":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}""", 5)));
        Assert.Equal("F4 [2]", file.Unread["q"]);
        Assert.Equal("w", Assert.Single(file.Tensors).Name);
        Assert.Contains("is F4 [2], which is not read here", Assert.Throws<InvalidDataException>(() => file["q"]).Message);
    }

    // Tensors without elements, and metadata without texts, are many in little.
    [Theory]
    [InlineData("", "\"t{0}\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}", "}")]
    [InlineData("\"__metadata__\":{", "\"t{0}\":\"\"", "}}")]
    [InlineData("", "\"t{0}\":{\"dtype\":\"F32\",\"shape\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],\"data_offsets\":[0,0]}", "}")]
    public void A_long_header_takes_no_more_than_twice_its_size_and_64_MB(string begin, string row, string end)
    {
        using var folder = new TemporaryFolder();
        var header = new StringBuilder("{" + begin);
        for (var i = 0; header.Length < 20_000_000; i++)
            header.Append(i > 0 ? "," : "").Append(row.Replace("{0}", $"{i}", StringComparison.Ordinal));

        var path = folder.Write(File(header.Append(end).ToString(), 0));
        var (before, clock) = (GC.GetAllocatedBytesForCurrentThread(), System.Diagnostics.Stopwatch.StartNew());
        Assert.Contains("more memory than twice its size", Assert.Throws<InvalidDataException>(() => CheckpointFile.Open(path)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (2 * header.Length) + (64 << 20));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 10);
    }

    [Fact]
    public void An_empty_header_and_padding_are_fine()
    {
        using var folder = new TemporaryFolder();
        using var empty = CheckpointFile.Open(folder.Write(File("{}", 0), "1"));
        using var padded = CheckpointFile.Open(folder.Write(File("""{"w":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}     """, 1), "2"));
        using var none = CheckpointFile.Open(folder.Write(File("""{"__metadata__":null}""", 0), "3"));
        Assert.Empty(empty.Tensors);
        Assert.Empty(none.Metadata);
        Assert.Equal([0], padded["w"].ToArray<byte>());
    }

    [Fact]
    public void A_missing_file_a_folder_and_a_missing_tensor_are_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no such checkpoint file", Assert.Throws<FileNotFoundException>(() => CheckpointFile.Open(folder.File("none"))).Message);
        Assert.Contains("is a folder", Assert.Throws<FileNotFoundException>(() => CheckpointFile.Open(Path.GetDirectoryName(folder.File("x"))!)).Message);
        using var file = CheckpointFile.Open(folder.Write(File("{}", 0)));
        Assert.Contains("no tensor 'w'", Assert.Throws<InvalidDataException>(() => file["w"]).Message);
    }

    [Fact]
    public void Reading_after_closing_is_an_error_not_a_crash()
    {
        using var folder = new TemporaryFolder();
        var file = CheckpointFile.Open(folder.Write(File("""{"w":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}""", 1)));
        var entry = file["w"];
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => entry.ToArray<byte>());
        Assert.Throws<ArgumentException>(() => entry.ToArray<float>());
        Assert.Throws<ArgumentException>(() => entry.CopyTo(new byte[3]));
    }

    private static Tensor Filled(ScalarType type, long[] shape, byte[] content)
    {
        var tensor = empty(shape, dtype: type);
        content.CopyTo(tensor.bytes);
        return tensor;
    }

    private static byte[] Content(int seed, ScalarType type, long[] shape)
    {
        var bytes = new byte[shape.Aggregate((long)type.ElementSize(), (product, size) => product * size)];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static byte[] File(string header, int data, ulong? length = null)
    {
        var utf8 = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + utf8.Length + data];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length ?? (ulong)utf8.Length);
        utf8.CopyTo(bytes, 8);
        return bytes;
    }

    private static string Failure(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write(bytes, "file.safetensors");
        var error = Assert.Throws<InvalidDataException>(() => CheckpointFile.Open(path));
        Assert.StartsWith(path, error.Message);
        return error.Message;
    }
}
