using System.Text.RegularExpressions;
using Madtp.Kit.Madtp;
using TorchSharp;
using Madtp.Kit.Tests.Tasks;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>
/// How many tensors a forward pass makes, which is about how many operators it calls: each costs 10 µs whatever its size, so on a GPU
/// and in small models they decide. A higher number here is a slower model.
/// </summary>
public sealed partial class OperatorCountTests
{
    private const int Layers = 6; // three of images, three of texts

    [Fact]
    public void APlainPassMakesFewTensors() => Assert.InRange(Tensors(null), 100, 215);

    /// <summary>Operator by operator, as on a GPU (here because numbers are float64, which costs some conversions), and in one pass.</summary>
    [Theory]
    [InlineData("MADTP", 0.5, 4, ScalarType.Float64, 86)] // samples of several lengths: masks, and rows that hold no token left out
    [InlineData("MADTP", 0.5, 1, ScalarType.Float64, 73)]
    [InlineData("MADTP (released)", 9.197, 4, ScalarType.Float64, 79)]
    [InlineData("MADTP", 0.5, 4, ScalarType.Float32, 44)]
    [InlineData("MADTP", 0.5, 1, ScalarType.Float32, 33)]
    public void ChoosingAddsFewTensorsToALayer(string method, double strength, int pairs, ScalarType type, int most)
    {
        var setting = Methods.Of(method).Pruning!.At(strength);
        Assert.InRange((double)(Tensors(setting, pairs, type) - Tensors(null, pairs, type)) / Layers, 20, most);
    }

    /// <summary>
    /// What a program waits for a GPU at: the one question of a block, how many tokens stay; the rest are other layouts, sequences
    /// without a class token, the released floor of causal texts and order on a CPU, and numbers for people to read.
    /// </summary>
    [Fact]
    public void ABlockWaitsOnceForItsDevice()
    {
        string[] files = [
            .. Directory.GetFiles(KitPaths.InRepository("src", "Madtp"), "*.cs"),
            .. Directory.GetFiles(KitPaths.InRepository("src", "Models"), "*.cs")
                .Where(file => Path.GetFileName(file) is "Attention.cs" or "TokenState.cs" or "Vit.cs" or "Bert.cs" or "BertLayer.cs"
                    or "BlipNlvr.cs")];
        var waits = files.Select(file => (Name: Path.GetFileName(file), Count: Waits().Count(File.ReadAllText(file))))
            .Where(file => file.Count > 0).OrderBy(file => file.Name, StringComparer.Ordinal);
        Assert.Equal(
            [
                ("Alignment.cs", 1), ("Candidates.cs", 1), ("KeptRows.cs", 2), ("Policy.cs", 1), ("Released.cs", 1), ("TokenState.cs", 1),
                ("Trace.cs", 2),
            ],
            waits);
    }

    [GeneratedRegex(@"\.cpu\(\)|\.item<|\.nonzero\(|\.masked_select\(|\.ToInt(32|64)\(|\.ToBoolean\(")]
    private static partial Regex Waits();

    private static long Tensors(PruningSetting? setting, int pairs = 4, ScalarType type = ScalarType.Float32)
    {
        using var off = inference_mode();
        using var model = Toys.NewNlvr2(seed: 1);
        model.eval();
        model.to(type);
        using var attached = setting?.Attach(model);
        using var scope = NewDisposeScope();
        var (images, ids) = (randn(2 * pairs, 3, 64, 64, dtype: type), randint(5, 20, [pairs, 12], dtype: int64));
        var mask = ones_like(ids, dtype: type);
        model.Forward(images, ids, mask);
        var before = DisposeScopeManager.Statistics.TensorStatistics;
        var made = -(before.CreatedInScopeCount + before.CreatedOutsideScopeCount);
        model.Forward(images, ids, mask);
        var after = DisposeScopeManager.Statistics.TensorStatistics;
        return made + after.CreatedInScopeCount + after.CreatedOutsideScopeCount;
    }
}
