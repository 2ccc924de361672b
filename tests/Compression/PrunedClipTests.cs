using Madtp.Kit.Cost;
using Madtp.Kit.Models;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

public sealed class PrunedClipTests() : PrunedModelTests<ClipModel>(() => new ClipModel(TinyClip.Config), new ClipCost(TinyClip.Config), Accounting.Deploy)
{
    protected override Tensor Answers(ClipModel model)
    {
        var output = model.Forward(PrunedModels.Images(3), Texts());
        return cat([output.Image.Feature.flatten(), output.Text.Feature.flatten(), output.Logits.flatten()], 0);
    }

    [Fact]
    public void Momentum_copies_begin_again_and_queues_stay()
    {
        using var model = Model(4);
        using var smaller = Smaller(model, 4);
        MomentumCopies.AreFresh(model, smaller);
        using var scope = NewDisposeScope();
        var losses = smaller.TrainingStep(PrunedModels.Images(3), Texts(), tensor([1L, 2L, 3L]), distillation: 0.4);
        losses.Task.backward();
        Assert.True(double.IsFinite(losses.Task.item<float>()));
    }

    private static Tensor Texts()
    {
        var (ids, mask) = PrunedModels.Texts(TinyClip.Start, 9, 5, 12);
        return ids.scatter(1, mask.sum(1, keepdim: true).to(int64) - 1, full([3, 1], TinyClip.End, dtype: int64));
    }
}
