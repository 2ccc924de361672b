using System.Numerics;
using Madtp.Kit.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Checkpoints;

/// <summary>Files that PyTorch itself wrote (samples/make_samples.py); every expected value follows from its index.</summary>
public class PyTorchSampleTests
{
    [Theory]
    [InlineData("saved.pth", CheckpointFormat.PyTorchZip)]
    [InlineData("legacy.pth", CheckpointFormat.PyTorchLegacy)]
    public void Every_element_type_and_layout_is_read(string sample, CheckpointFormat format)
    {
        using var file = Open(sample);
        Assert.Equal(format, file.Format);
        Assert.Equal(Ramp(6), file["model.f32"].ToArray<float>());
        Assert.Equal([-1, -0.75, -0.5], file["model.f64"].ToArray<double>());
        Assert.Equal([(Half)(-2), (Half)(-1.75), (Half)(-1.5), (Half)(-1.25), (Half)(-1)], file["model.f16"].ToArray<Half>());
        Assert.Equal([8, 8.25, 8.5, 8.75], Doubles(file["model.bf16"]));
        Assert.Equal([-1, 0, 1], file["model.i64"].ToArray<long>());
        Assert.Equal([0, 70000, 140000], file["model.i32"].ToArray<int>());
        Assert.Equal([0, -300, -600], file["model.i16"].ToArray<short>());
        Assert.Equal([-2, -1, 0], file["model.i8"].ToArray<sbyte>());
        Assert.Equal([250, 251, 252, 253], file["model.u8"].ToArray<byte>());
        Assert.Equal([true, false, true], file["model.flag"].ToArray<bool>());
        Assert.Equal([2.5f], file["model.scalar"].ToArray<float>());
        Assert.Empty(file["model.scalar"].Shape);
        Assert.Equal([0, 4], file["model.empty"].Shape);
        Assert.Empty(file["model.empty"].ToArray<float>());
    }

    // torch.save(…, pickle_protocol=4): the magic number is written otherwise.
    [Theory]
    [InlineData("8003")]
    [InlineData("8004950d00000000000000")]
    [InlineData("8005950d00000000000000")]
    public void An_old_file_may_be_of_any_protocol(string beginning)
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(KitPaths.InRepository("tests", "Checkpoints", "samples", "legacy.pth"));
        byte[] magic = [.. Convert.FromHexString(beginning), .. bytes[2..15]];
        using var file = CheckpointFile.Open(folder.Write([.. magic, .. bytes[15..]]));
        Assert.Equal(CheckpointFormat.PyTorchLegacy, file.Format);
        Assert.Equal(Ramp(6), file["model.f32"].ToArray<float>());
    }

    [Theory]
    [InlineData("saved.pth")]
    [InlineData("legacy.pth")]
    public void Views_of_one_storage_are_read_row_major(string sample)
    {
        using var file = Open(sample);
        var shared = Ramp(24);
        AssertTensor(file["model.tied"], [4, 6], shared);
        AssertTensor(file["model.transposed"], [6, 4], [.. from i in Enumerable.Range(0, 6) from j in Enumerable.Range(0, 4) select shared[(j * 6) + i]]);
        AssertTensor(file["model.row"], [6], shared[12..18]);
        AssertTensor(file["model.column"], [4], [shared[1], shared[7], shared[13], shared[19]]);
        AssertTensor(file["model.block"], [2, 3], [.. shared[8..11], .. shared[14..17]]);
        AssertTensor(file["model.stepped"], [4], [0.25f, 1, 1.75f, 2.5f]);
        AssertTensor(file["model.permuted"], [4, 2, 3], [.. from k in Enumerable.Range(0, 4) from i in Enumerable.Range(0, 2) from j in Enumerable.Range(0, 3) select shared[(i * 12) + (j * 4) + k]]);
        AssertTensor(file["model.repeated"], [3, 4], [0, 0, 0, 0, 0.25f, 0.25f, 0.25f, 0.25f, 0.5f, 0.5f, 0.5f, 0.5f]);
        AssertTensor(file["parameter"], [2], [0, 0.25f]);
    }

    [Theory]
    [InlineData("saved.pth")]
    [InlineData("legacy.pth")]
    public void Plain_values_are_read_by_dotted_name(string sample)
    {
        using var file = Open(sample);
        Assert.Equal(1.25, file.Values["temperature"]);
        Assert.Equal(7L, file.Values["epoch"]);
        Assert.Equal(BigInteger.Pow(2, 70), file.Values["large"]);
        Assert.Equal("résumé", file.Values["name"]);
        Assert.Equal([1L, 2.5, null, true], Enumerable.Range(0, 4).Select(i => file.Values[$"nested.list.{i}"]));
        Assert.Equal(new byte[] { 0, 255 }, file.Values["nested.list.4"]);
        Assert.Equal(-3L, file.Values["nested.tuple.0"]);
        Assert.Equal("five", file.Values["nested.5"]);
        Assert.Equal(1.25, file.Number("temperature"));
        Assert.Equal(7, file.Number("epoch"));
        Assert.Equal(2.5, file.Number("model.scalar"));
        Assert.Null(file.Number("absent"));
        Assert.Contains("'name' is résumé", Assert.Throws<InvalidDataException>(() => file.Number("name")).Message);
        Assert.Contains("shape [2, 3]", Assert.Throws<InvalidDataException>(() => file.Number("model.f32")).Message);
    }

    [Fact]
    public void A_newer_pickle_protocol_is_read()
    {
        using var file = Open("protocol4.pth");
        AssertTensor(file["model.weight"], [3], Ramp(3));
    }

    [Theory]
    [InlineData("script.pt")]
    [InlineData("traced.pt")]
    public void A_script_archive_gives_its_modules_tensors(string sample)
    {
        using var file = Open(sample);
        Assert.Equal(CheckpointFormat.TorchScript, file.Format);
        Assert.Equal(
            ["logit_scale", "steps", "visual.0.in_proj_weight", "visual.0.out_proj.bias", "visual.0.out_proj.weight", "visual.1.in_proj_weight", "visual.1.out_proj.bias", "visual.1.out_proj.weight"],
            file.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => i * 0.25), Doubles(file["visual.1.in_proj_weight"]));
        Assert.Equal([6, 2], file["visual.0.in_proj_weight"].Shape);
        AssertTensor(file["visual.1.out_proj.bias"], [2], [1, 1.25f]);
        Assert.Equal([0, 1, 2], file["steps"].ToArray<long>());
    }

    [Fact]
    public void A_script_archives_numbers_are_values()
    {
        using var file = Open("script.pt");
        Assert.Equal(77, file.Number("context_length"));
        Assert.Equal(5L, file.Values["sizes.1"]);
    }

    [Fact]
    public void The_reference_checkpoints_open_and_hold_finite_numbers()
    {
        var checkpoints = Directory.GetFiles(KitPaths.InRepository("tests", "golden"), "checkpoint.pth", SearchOption.AllDirectories);
        Assert.Equal(20, checkpoints.Length);
        foreach (var path in checkpoints)
        {
            using var file = CheckpointFile.Open(path);
            Assert.NotNull(file.Number("temperature"));
            Assert.All(file.Tensors.Where(t => t.Type == ScalarType.Float32), t => Assert.All(t.ToArray<float>(), x => Assert.True(float.IsFinite(x))));
        }
    }

    private static CheckpointFile Open(string sample) => CheckpointFile.Open(KitPaths.InRepository("tests", "Checkpoints", "samples", sample));

    private static float[] Ramp(int count) => [.. Enumerable.Range(0, count).Select(i => i * 0.25f)];

    private static double[] Doubles(TensorEntry entry) => entry.ToArray();

    private static void AssertTensor(TensorEntry entry, long[] shape, float[] values)
    {
        Assert.Equal(shape, entry.Shape);
        Assert.Equal(values, entry.ToArray<float>());
        for (int at = 0, length = 1; entry.IsContiguous && at < values.Length; at += length, length = Math.Min(length + 1, values.Length - at))
        {
            using var piece = TorchSharp.torch.empty(length); // the same through pieces that begin and end anywhere
            entry.Read(at, piece);
            Assert.Equal(values[at..(at + length)], piece.data<float>().ToArray());
        }
    }
}
