using System.Diagnostics;
using Madtp.Kit.Checkpoints;
using Xunit;

namespace Madtp.Kit.Tests.Checkpoints;

/// <summary>
/// Pickles that lie or ask for the world end in a named error, quickly and in little memory; what they call is neither made nor run.
/// </summary>
[Collection(nameof(HostilePickleTests))]
public class HostilePickleTests
{
    public static TheoryData<string, string> Calls => new()
    {
        { "os", "system" },
        { "posix", "system" },
        { "builtins", "eval" },
        { "builtins", "getattr" },
        { "__builtin__", "exec" },
        { "subprocess", "Popen" },
        { "torch", "load" },
        { "torch", "tensor" },
        { "torch.serialization", "load" },
        { "torch.hub", "load" },
        { "torch.jit._pickle", "build_intlist" },
        { "__torch__", "Model" },
        { "__torch__.os", "system" },
        { "collections", "Counter" },
        { "collections.OrderedDict", "fromkeys" },
        { "numpy.core.multiarray", "_reconstruct" },
        { "_codecs", "decode" },
        { "torch._utils._rebuild_tensor_v2", "__globals__" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void A_call_is_never_made_and_leaves_a_name(string module, string name)
    {
        var calls = new[]
        {
            new PickleBytes().Global(module, name).Op("(").Text("touch /dev/null").Op("tR"),
            new PickleBytes().Text(module).Text(name).Raw(0x93).Op(")").Raw(0x81),
            new PickleBytes().Global(module, name),
            new PickleBytes().Global(module, name).Op(")}").Raw(0x92),
            new PickleBytes().Global(module, name).Op("(").Text("touch executed").Op("tR").Op("}").Text("a").Number(1).Op("sb"),
        };
        foreach (var call in calls)
        {
            var bytes = call.Unfinished();
            Assert.Equal($"<{module}.{name}>", $"{Value([.. bytes, (byte)'.'])}");
            // Beside a weight it is no more than that.
            using var folder = new TemporaryFolder();
            var whole = new PickleBytes().Op("}").Text("w").Tensor("FloatStorage", "0", 4, 0, [4], [1]).Op("s").Text("args").Raw(bytes).Op("s").Stop();
            using var file = CheckpointFile.Open(folder.Write(Archive(whole, new byte[16])));
            Assert.Equal(["w"], file.Tensors.Select(tensor => tensor.Name));
            Assert.Equal($"<{module}.{name}>", $"{file.Values["args"]}");
            Assert.Single(folder.Files());
        }
    }

    [Fact]
    public void A_tensor_made_in_an_unknown_way_is_listed()
    {
        using var folder = new TemporaryFolder();
        var pickle = new PickleBytes().Op("}").Text("t").Global("torch._utils", "_rebuild_device_tensor_from_numpy").Op(")Rs").Stop();
        using var file = CheckpointFile.Open(folder.Write(Archive(pickle)));
        Assert.Equal("made by '_rebuild_device_tensor_from_numpy'", file.Unread["t"]);
    }

    [Fact]
    public void Protocols_other_ways_to_call_are_refused()
    {
        Assert.Contains("operation 0x82", Failure(new PickleBytes().Raw(0x82, 1).Stop()));
        Assert.Contains("operation 0x50 ('P')", Failure(new PickleBytes().Op("Pid\n").Stop()));
        Assert.Contains("operation 0x49 ('I')", Failure(new PickleBytes().Op("I01\n").Stop()));
        Assert.Contains("operation 0x97", Failure(new PickleBytes().Raw(0x97).Stop()));
        Assert.Contains("not a storage", Failure(new PickleBytes().Text("module").Op("Q").Stop()));
        Assert.Contains("calls a string", Failure(new PickleBytes().Text("x").Op(")R").Stop()));
        Assert.Contains("has none", Failure(new PickleBytes().Text("x").Op("}b").Stop()));
        Assert.Contains("protocol 9", Failure([0x80, 9, (byte)'N', (byte)'.']));
    }

    [Fact]
    public void Lengths_and_indices_past_the_end_are_named()
    {
        Assert.Contains("4294967295 bytes are claimed", Failure(new PickleBytes().Op("X").U32(uint.MaxValue).Stop()));
        Assert.Contains("bytes are claimed", Failure(new PickleBytes().Raw(0x8d).U64(ulong.MaxValue).Stop()));
        Assert.Contains("bytes are claimed", Failure(new PickleBytes().Raw(0x8e).U64(1UL << 62).Stop()));
        Assert.Contains("at most 1024", Failure(new PickleBytes().Raw(0x8b).U32(1 << 30).Stop()));
        Assert.Contains("never stored", Failure(new PickleBytes().Op("j").U32(7).Stop()));
        Assert.Contains("stack is empty", Failure(new PickleBytes().Op("q").Raw(0).Stop()));
        Assert.Contains("too few items", Failure(new PickleBytes().Stop()));
        Assert.Contains("too few items", Failure(new PickleBytes().Op("N(").Raw(0x86).Stop()));
        Assert.Contains("no mark", Failure(new PickleBytes().Op("t").Stop()));
        Assert.Contains("no value", Failure(new PickleBytes().Op("}(Nu").Stop()));
        Assert.Contains("not a list", Failure(new PickleBytes().Op("}Na").Stop()));
        Assert.Contains("not a dictionary", Failure(new PickleBytes().Op("]NNs").Stop()));
        Assert.Contains("0 are left", Failure(new PickleBytes().Op("}").Unfinished()));
        Assert.Contains("does not end", Failure(new PickleBytes().Op("c").Raw(new byte[10_000]).Stop()));
    }

    [Fact]
    public void A_giant_memo_index_costs_nothing()
    {
        using var folder = new TemporaryFolder();
        var pickle = new PickleBytes().Op("}").Text("a").Number(5).Op("r").U32(uint.MaxValue).Op("s").Stop();
        using var file = CheckpointFile.Open(folder.Write(Archive(pickle)));
        Assert.Equal(5L, file.Values["a"]);
    }

    // Both may stand beside weights, which are read all the same.
    [Fact]
    public void A_dictionary_inside_itself_is_one_opaque_object()
    {
        var pickle = new PickleBytes().Op("}q").Raw(0).Text("self").Op("h").Raw(0).Op("s").Text("a").Number(5).Op("s").Stop();
        Assert.Equal(["self <what it lies in itself>", "a 5"], Values(pickle));
    }

    [Fact]
    public void Deep_nesting_is_one_opaque_object()
    {
        var pickle = new PickleBytes();
        for (var i = 0; i < 200_000; i++)
            pickle.Op("]");

        for (var i = 0; i < 199_999; i++)
            pickle.Op("a");

        Assert.EndsWith("0.0 <nested deeper than 64 levels>", Assert.Single(Values(pickle.Stop())));
    }

    [Theory]
    [InlineData(100, "history.99 99")]
    [InlineData(101, "history <list of 101>")]
    [InlineData(400_000, "history <list of 400000>")]
    public void A_long_row_of_plain_values_is_one_opaque_object(int count, string last)
    {
        var pickle = new PickleBytes().Op("}").Text("history").Op("](");
        for (var i = 0; i < count; i++)
            pickle.Number(i);

        Assert.Equal(last, Values(pickle.Op("es").Stop())[^1]);
        var vocabulary = new PickleBytes().Op("}").Text("words").Op("}(");
        for (var i = 0; i < 100_000; i++)
            vocabulary.Text($"word {i}").Number(i);

        Assert.Equal(["words <dict of 100000>"], Values(vocabulary.Op("us").Stop()));
    }

    // torch.nn.Buffer, and whatever else is a tensor by birth.
    [Fact]
    public void A_subclass_of_tensors_is_a_tensor()
    {
        using var folder = new TemporaryFolder();
        var pickle = new PickleBytes().Op("}").Text("buffer").Global("torch._tensor", "_rebuild_from_type_v2").Mark()
            .Global("torch._utils", "_rebuild_tensor_v2").Global("torch.nn.parameter", "Buffer")
            .Mark().Storage("FloatStorage", "0", 2).Number(0).Numbers(2).Numbers(1).Raw(0x89).Global("collections", "OrderedDict")
            .Op(")Rt").Op("}tRs").Stop();
        using var file = CheckpointFile.Open(folder.Write(Archive(pickle, [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40])));
        Assert.Equal([1.0, 2.0], file["buffer"].ToArray());
    }

    // Arrays of NumPy's in the place of tensors, as Flax and older scripts leave them.
    [Fact]
    public void A_weight_that_is_no_tensor_is_said_to_be_none_with_what_to_do()
    {
        using var folder = new TemporaryFolder();
        var pickle = new PickleBytes().Op("}").Text("model").Op("}").Text("visual.proj")
            .Global("numpy._core.multiarray", "_reconstruct").Op(")Rss").Stop();
        using var file = CheckpointFile.Open(folder.Write(Archive(pickle)));
        var said = StateDictionary.Read(file, ["visual.proj"]).Missing("visual.proj", "CLIP").Message;
        Assert.Contains("'model.visual.proj' is no tensor, but <numpy._core.multiarray._reconstruct>", said);
        Assert.Contains("torch.as_tensor", said);
    }

    // Each list holds the one before ten times: 30 levels would unfold to 10^30 items.
    [Fact]
    public void Lists_that_unfold_without_end_are_named()
    {
        var pickle = new PickleBytes().Op("]q").Raw(0).Op("0");
        for (byte level = 1; level <= 30; level++)
        {
            pickle.Op("](");
            for (var i = 0; i < 10; i++)
                pickle.Op("h").Raw((byte)(level - 1));

            pickle.Op("eq").Raw(level).Op("0");
        }

        Assert.Contains("more memory than twice its size", Failure(pickle.Op("h").Raw(30).Stop()));
    }

    private static string[] Values(byte[] pickle)
    {
        using var folder = new TemporaryFolder();
        using var file = CheckpointFile.Open(folder.Write(Archive(pickle)));
        return [.. file.Values.Select(one => $"{one.Key} {one.Value}")];
    }

    // One long key, recalled at every level: names would grow to gigabytes.
    [Fact]
    public void Names_that_grow_without_end_are_named()
    {
        var pickle = new PickleBytes().Text(new string('k', 1_000_000)).Op("q").Raw(0).Op("0").Number(1).Op("q").Raw(1).Op("0");
        for (byte level = 2; level < 60; level++)
            pickle.Op("}h").Raw(0).Op("h").Raw((byte)(level - 1)).Op("sq").Raw(level).Op("0");

        Assert.Contains("more memory than twice its size", Failure(pickle.Op("h").Raw(59).Stop()));
    }

    // What is made, kept, marked, remembered or put in a list again and again: a byte or two each.
    [Theory]
    [InlineData("}")]
    [InlineData("]")]
    [InlineData(")")]
    [InlineData("(")]
    [InlineData("K\u0001")]
    [InlineData("}\u0094")]
    [InlineData("}N0")]
    [InlineData("]NNea")]
    [InlineData("N\u0085")]
    public void A_pickle_of_small_things_takes_no_more_than_twice_its_size_and_64_MB(string piece)
    {
        byte[] unit = System.Text.Encoding.Latin1.GetBytes(piece);
        foreach (var length in new[] { 3_900_000, PickleMachine.MaximumLength - 100 })
        {
            byte[] pickle = [.. Enumerable.Repeat(unit, length / unit.Length).SelectMany(bytes => bytes), (byte)'.'];
            using var folder = new TemporaryFolder();
            var path = folder.Write(Archive(pickle));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                CheckpointFile.Open(path).Dispose();
            }
            catch (InvalidDataException e)
            {
                Assert.StartsWith(path, e.Message);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (2 * length) + (64 << 20));
        }
    }

    [Fact]
    public void A_file_that_is_shortened_while_it_is_read_ends_in_an_error()
    {
        using var folder = new TemporaryFolder();
        var pickle = new PickleBytes().Op("}")
            .Text("row-major").Tensor("FloatStorage", "0", 250_000, 0, [500, 500], [500, 1]).Op("s")
            .Text("strided").Tensor("FloatStorage", "0", 250_000, 0, [500, 500], [1, 500]).Op("s").Stop();
        var path = folder.Write(Archive(pickle, new byte[1_000_000]));
        using var file = CheckpointFile.Open(path);
        using (var other = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            other.SetLength(5000);

        foreach (var tensor in file.Tensors)
        {
            Assert.Contains("the file ended at byte", Assert.Throws<InvalidDataException>(() => tensor.CopyTo(new byte[1_000_000])).Message);
            Assert.Contains(path, Assert.Throws<InvalidDataException>(() => tensor.ToTensor()).Message);
        }
    }

    [Fact]
    public void Names_from_the_file_are_escaped_and_cut()
    {
        var name = "\u001b[2J" + new string('x', 500);
        var message = Failure(new PickleBytes().Op("}").Text(name).Tensor("FloatStorage", "9", 4, 0, [4], [1]).Op("s").Stop());
        Assert.DoesNotContain('\u001b', message);
        using var folder = new TemporaryFolder();
        using var file = CheckpointFile.Open(folder.Write(Archive(
            new PickleBytes().Op("}").Text(name).Tensor("FloatStorage", "0", 4, 0, [4], [1]).Op("s").Stop(), new byte[16])));
        Assert.StartsWith("\\u001b[2Jxxx", $"{file.Tensors[0]}");
        Assert.InRange($"{file.Tensors[0]}".Length, 100, 130);
        Assert.DoesNotContain('\u001b', Assert.Throws<InvalidDataException>(() => file.Number(name)).Message);
    }

    [Fact]
    public void A_pickle_longer_than_any_honest_one_is_named() => Assert.Contains("at most 16000000", Failure(new byte[PickleMachine.MaximumLength + 1]));

    [Theory]
    [InlineData(5, 0, new long[] { 6 }, new long[] { 1 }, "reaches past its storage (4 elements)")]
    [InlineData(4, 0, new long[] { 5 }, new long[] { 1 }, "reaches past its storage")]
    [InlineData(4, 2, new long[] { 3 }, new long[] { 1 }, "reaches past its storage")]
    [InlineData(4, 5, new long[] { 1 }, new long[] { 1 }, "begins at element 5")]
    [InlineData(4, -1, new long[] { 1 }, new long[] { 1 }, "begins at element -1")]
    [InlineData(4, 0, new long[] { 2 }, new long[] { -1 }, "negative")]
    [InlineData(4, 0, new long[] { -2 }, new long[] { 1 }, "negative size")]
    [InlineData(4, 0, new long[] { 2, 2 }, new long[] { 1 }, "2 dimensions and 1 strides")]
    [InlineData(4, 0, new long[] { 1L << 40 }, new long[] { 0 }, "repeats a storage of 4 elements")]
    [InlineData(4, 0, new long[] { 1L << 32, 1L << 32 }, new long[] { 0, 0 }, "more elements than any file")]
    [InlineData(4, 0, new long[] { 2, 2 }, new long[] { long.MaxValue, long.MaxValue }, "reaches past its storage")]
    [InlineData(4, 0, new long[] { 1L << 62 }, new long[] { 4 }, "more elements than any file")]
    [InlineData(-1, 0, new long[] { 1 }, new long[] { 1 }, "claims -1 elements")]
    [InlineData(long.MaxValue, 0, new long[] { 1 }, new long[] { 1 }, "claims 9223372036854775807 elements")]
    public void A_tensor_that_lies_about_its_storage_is_named(long count, long first, long[] shape, long[] strides, string expected)
    {
        // The first case claims more than the storage has; the storage itself is 4 floats.
        var pickle = new PickleBytes().Op("}").Text("w").Tensor("FloatStorage", "0", count, first, shape, strides).Op("s").Stop();
        var message = Failure(pickle, new byte[16]);
        Assert.Contains(count == 5 ? "claims 5 of Float32, 20 bytes, but 'a/data/0' has 16" : expected, message);
    }

    [Fact]
    public void A_storage_that_is_missing_or_two_things_at_once_is_named()
    {
        Assert.Contains("has no 'a/data/9'", Failure(new PickleBytes().Storage("FloatStorage", "9", 4).Stop(), new byte[16]));
        Assert.Contains("has no 'a/data/../data.pkl'", Failure(new PickleBytes().Storage("FloatStorage", "../data.pkl", 4).Stop(), new byte[16]));
        Assert.Contains("mentioned as 4 of Float32 and as 2 of Float64", Failure(new PickleBytes().Op("]").Storage("FloatStorage", "0", 4).Op("a").Storage("DoubleStorage", "0", 2).Op("a").Stop(), new byte[16]));
        Assert.Contains("'torch.OddStorage', which is not one of PyTorch's", Failure(new PickleBytes().Storage("OddStorage", "0", 2).Stop(), new byte[16]));
        Assert.Contains("claims 3 of torch.ComplexFloatStorage, 24 bytes", Failure(new PickleBytes().Storage("ComplexFloatStorage", "0", 3).Stop(), new byte[16]));
        Assert.Equal("<torch.FloatStorage>", $"{Value(new PickleBytes().Storage("FloatStorage", "0", 4).Stop(), new byte[16])}");
        Assert.Equal("<torch.FloatStorage>", $"{Value(new PickleBytes().Global("torch", "FloatStorage").Stop())}");
        Assert.Contains("does not take", Failure(new PickleBytes().Global("torch._utils", "_rebuild_tensor_v2").Op(")R").Stop()));
    }

    [Fact]
    public void Names_that_collide_are_named()
    {
        byte[] Pickle(Func<PickleBytes, PickleBytes> first, Func<PickleBytes, PickleBytes> second) =>
            second(first(new PickleBytes().Op("}").Text("a.b")).Op("s").Text("a").Op("}").Text("b")).Op("ss").Stop();
        static PickleBytes Tensor(PickleBytes pickle) => pickle.Tensor("FloatStorage", "0", 4, 0, [4], [1]);
        static PickleBytes Number(PickleBytes pickle) => pickle.Number(2);
        Assert.Contains("'a.b' twice", Failure(Pickle(Tensor, Tensor), new byte[16]));
        // A note of a weight's name, or keys 1 and "1", are nothing to refuse a file for.
        Assert.Equal(2L, Value(Pickle(Number, Number), name: "a.b"));
        Assert.Equal(2L, Value(Pickle(Tensor, Number), new byte[16], "a.b"));
        Assert.Equal(2L, Value(Pickle(Number, Tensor), new byte[16], "a.b"));
    }

    // One thing of some size, referred to again and again: each reference is paid for, or none costs anything.
    [Fact]
    public void What_is_long_is_not_made_or_read_over_and_over()
    {
        static PickleBytes Times(int count, PickleBytes pickle, string operations)
        {
            for (var i = 0; i < count; i++)
                pickle.Op(operations);

            return pickle;
        }

        var name = new PickleBytes().Text(new string('m', 100_000)).Text("n").Raw(0x93).Op("q\u00010](");
        Assert.Contains("a text of 100000 characters", Failure(Times(10_000, name, "h\u0001)R").Op("e").Stop()));
        byte[] OfPairs(string last) => Times(400, Times(50_000, new PickleBytes().Op("](N").Op("N\u0086q\u0001"), "h\u0001")
            .Op(last + "e\u0085q\u00020").Global("collections", "OrderedDict").Op("q\u00030]("), "h\u0003h\u0002R").Op("e").Stop();
        Assert.Contains("more memory than twice its size", Failure(OfPairs("")));
        Assert.Contains("no list of pairs", Failure(OfPairs("N")));
        byte[] Visited(string last, string each) =>
            Times(20_000, Times(20_000, new PickleBytes().Op("}("), "K\0}").Op($"{last}uq\u00010]("), each).Op("e").Stop();
        Assert.Contains("unfolds to more than 2000000 items", Failure(Visited("NN", "h\u0001")));
        Assert.Contains("unfolds to more than 2000000 items", Failure(Visited("", "cm\nC\n)\u0081h\u0001b")));
        var shape = Times(100_000, new PickleBytes().Op("("), "K\u0001").Op("tq\u00010");
        Assert.Contains("100000 dimensions", Failure(shape.Global("torch._utils", "_rebuild_tensor_v3").Op("(NNh\u0001NNN")
            .Global("torch", "float8_e4m3fn").Op("tR").Stop()));
        var tensors = new PickleBytes().Op("}").Text("t").Tensor("FloatStorage", "0", 4, 0, [1 << 22], [0]).Op("q\u0001s");
        for (byte i = 0; i < 20; i++)
            tensors.Op("K").Raw(i).Op("h\u0001s");

        Assert.Contains("unfold to more than 16 times its size", Failure(tensors.Stop(), new byte[16]));
    }

    // Where it is negated or conjugated its numbers are not those of its storage.
    [Fact]
    public void A_view_that_changes_its_numbers_is_not_read()
    {
        static byte[] Pickle(Func<PickleBytes, PickleBytes> about) => about(new PickleBytes().Op("}").Text("w")
            .Global("torch._utils", "_rebuild_tensor_v2").Mark().Storage("FloatStorage", "0", 4).Number(0).Numbers(4).Numbers(1)
            .Raw(0x89).Op("N")).Op("tRs").Stop();
        using var folder = new TemporaryFolder();
        using var changed = CheckpointFile.Open(folder.Write(
            Archive(Pickle(about => about.Op("}").Text("neg").Raw(0x88).Op("s")), new byte[16]), "1"));
        Assert.Contains("negated or conjugated", changed.Unread["w"]);
        using var same = CheckpointFile.Open(folder.Write(Archive(Pickle(about => about.Op("}")), new byte[16]), "2"));
        Assert.Equal([4], same["w"].Shape);
    }

    // Genuine files with a few bytes changed: whatever happens, it is a checkpoint or a named error.
    [Theory]
    [InlineData("saved.pth")]
    [InlineData("legacy.pth")]
    [InlineData("script.pt")]
    public void A_damaged_file_never_ends_in_any_other_error(string sample)
    {
        using var folder = new TemporaryFolder();
        var genuine = File.ReadAllBytes(KitPaths.InRepository("tests", "Checkpoints", "samples", sample));
        var random = new Random(7);
        var refused = 0;
        for (var trial = 0; trial < 600; trial++)
        {
            var bytes = (byte[])genuine.Clone();
            for (var change = random.Next(1, 6); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);

            try
            {
                using var file = CheckpointFile.Open(folder.Write(trial % 5 == 0 ? bytes[..random.Next(1, bytes.Length)] : bytes));
                foreach (var tensor in file.Tensors.Where(t => t.ByteCount < 1_000_000))
                    tensor.CopyTo(new byte[tensor.ByteCount]);
            }
            catch (InvalidDataException e)
            {
                Assert.Contains(folder.File("file.pth"), e.Message);
                refused++;
            }
        }

        Assert.InRange(refused, 100, 600);
    }

    private static byte[] Archive(byte[] pickle, byte[]? storage = null) =>
        new ZipBytes().Add("a/data.pkl", pickle).Add("a/data/0", storage ?? []).Finish();

    private static object? Value(byte[] pickle, byte[]? storage = null, string name = "value")
    {
        using var folder = new TemporaryFolder();
        using var file = CheckpointFile.Open(folder.Write(Archive(pickle, storage)));
        return file.Values[name];
    }

    private static string Failure(byte[] pickle, byte[]? storage = null)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write(Archive(pickle, storage));
        var clock = Stopwatch.StartNew();
        var error = Assert.Throws<InvalidDataException>(() => CheckpointFile.Open(path));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
        Assert.StartsWith(path, error.Message);
        return error.Message;
    }
}
