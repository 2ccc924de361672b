using System.Text.Json;
using Madtp.Kit.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Checkpoints;

/// <summary>
/// Checkpoints as people have them (samples/make_field.py): weights with harmless things beside them, odd storages, prefixes and
/// element types. Every one gives its weights, to the sums that PyTorch computed.
/// </summary>
public class FieldCheckpointTests
{
    private static readonly string Folder = KitPaths.InRepository("tests", "Checkpoints", "samples", "field");

    private static readonly JsonElement Expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "expected.json"))).RootElement;

    public static TheoryData<string> Files() => [.. Expected.EnumerateObject().Select(file => file.Name)];

    [Theory]
    [MemberData(nameof(Files))]
    public void The_weights_are_read_whatever_stands_beside_them(string name)
    {
        var expected = Expected.GetProperty(name);
        var prefix = expected.TryGetProperty("prefix", out var given) ? given.GetString()! : "";
        var tensors = expected.GetProperty("tensors").EnumerateObject().ToDictionary(one => one.Name[prefix.Length..], one => one.Value);
        using var file = CheckpointFile.Open(Path.Combine(Folder, name));
        var state = StateDictionary.Read(file, tensors.Keys);
        Assert.EndsWith(prefix, state.Container);
        Assert.Empty(state.Others);
        foreach (var (tensor, facts) in tensors)
        {
            var recipe = state.Tensors[tensor];
            Assert.Equal(facts[0].EnumerateArray().Select(size => size.GetInt64()), recipe.Shape);
            Assert.Equal(facts[1].GetDouble(), Assert.Single(recipe.Parts).ToArray().Sum(), 1e-6);
        }

        foreach (var other in expected.TryGetProperty("others", out var others) ? others.EnumerateArray().Select(each => each.GetString()!) : [])
        {
            var full = state.Container + other;
            Assert.True(file.Unread.ContainsKey(full) || file.TryGet(full, out _), $"{full} is not listed");
        }

        Assert.False(File.Exists("executed-by-a-checkpoint"));
    }

    [Fact]
    public void What_is_no_tensor_is_shown_by_its_types_name()
    {
        Assert.Equal("<types.SimpleNamespace>", Beside("simple_namespace"));
        Assert.Equal("<numpy.core.multiarray.scalar>", Beside("numpy_float16"));
        Assert.Equal("<numpy.core.multiarray._reconstruct>", Beside("numpy_structured"));
        Assert.Equal("<collections.deque>", Beside("chain"));
        Assert.Equal("<pathlib.PureWindowsPath>", Beside("windows_path"));
        Assert.Equal("<json.dumps>", Beside("function"));
        Assert.Equal("<torch.float16>", Beside("dtype"));
        Assert.Equal("<posix.system>", Value("hostile_call.pth"));
    }

    [Theory]
    [InlineData("tensor_sparse.pth", "model.adj", "sparse")]
    [InlineData("tensor_complex.pth", "model.freqs", "torch.ComplexFloatStorage [2]")]
    [InlineData("tensor_quantized.pth", "model.q", "quantised [3]")]
    [InlineData("dtype_F8_E4M3.safetensors", "odd", "F8_E4M3 [2]")]
    [InlineData("dtype_U16.safetensors", "odd", "U16 [2]")]
    public void A_tensor_of_an_odd_kind_is_an_error_only_where_it_is_wanted(string name, string tensor, string kind)
    {
        using var file = CheckpointFile.Open(Path.Combine(Folder, name));
        Assert.Equal(kind, file.Unread[tensor]);
        var weight = new Dictionary<string, Tensor> { ["visual.norm.bias"] = zeros([.. file.Tensors.First(t => t.Name.EndsWith("norm.bias", StringComparison.Ordinal)).Shape]) };
        Assert.Equal(["visual.norm.bias"], CheckpointLoader.Load(weight, file).Loaded);
        weight.Add(tensor.Split('.')[^1], zeros(2));
        foreach (var error in new[] { Assert.Throws<InvalidDataException>(() => CheckpointLoader.Load(weight, file)), Assert.Throws<InvalidDataException>(() => file[tensor]) })
            Assert.Contains($"'{tensor}' is {kind}, which is not read here; load the file where it was made", error.Message);
    }

    private static string? Beside(string what) => Value($"beside_{what}.pth");

    private static string? Value(string name)
    {
        using var file = CheckpointFile.Open(Path.Combine(Folder, name));
        return file.Values["args"]?.ToString();
    }
}
