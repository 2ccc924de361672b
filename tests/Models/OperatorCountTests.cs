using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>
/// How many tensors a forward pass makes, which is about how many operators it calls: each costs 10 µs whatever its size, so on a GPU
/// and in small models they decide. A higher number here is a slower model.
/// </summary>
public sealed class OperatorCountTests
{
    private const int Layers = 6; // three of images, three of texts

    [Fact]
    public void APlainPassMakesFewTensors() => Assert.InRange(Tensors(null), 100, 240);

    [Fact]
    public void ChoosingAddsFewTensorsToALayer()
    {
        var policy = Methods.Of("MADTP").Pruning!.At(0.5);
        Assert.InRange((Tensors(policy) - Tensors(null)) / Layers, 60, 190);
    }

    private static long Tensors(PruningSetting? setting)
    {
        using var off = inference_mode();
        using var model = ToyModels.Nlvr2.Create(1);
        model.eval();
        using var attached = setting?.Attach(model);
        using var scope = NewDisposeScope();
        var (images, ids) = (randn(8, 3, 64, 64), randint(5, 20, [4, 12], dtype: int64));
        var mask = ones_like(ids);
        model.Forward(images, ids, mask);
        var before = DisposeScopeManager.Statistics.TensorStatistics;
        var made = -(before.CreatedInScopeCount + before.CreatedOutsideScopeCount);
        model.Forward(images, ids, mask);
        var after = DisposeScopeManager.Statistics.TensorStatistics;
        return made + after.CreatedInScopeCount + after.CreatedOutsideScopeCount;
    }
}
