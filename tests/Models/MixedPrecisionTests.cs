using Madtp.Kit.Models;
using Madtp.Kit.Tests.Training;
using Madtp.Kit.Training;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public sealed class MixedPrecisionTests
{
    [Fact]
    public void AnswersDifferByWhatBfloat16Rounds()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(2, 7, 4);
        var plain = model.Forward(images, ids, mask).Vision.X;
        Tensor mixed;
        using (MixedPrecision.Begin())
            mixed = model.Forward(images, ids, mask).Vision.X;

        Assert.Equal(ScalarType.Float32, mixed.dtype);
        Assert.InRange((plain - mixed).abs().max().item<float>(), 1e-4, 0.1); // values are about 1, bfloat16 has 8 bits
        Assert.True(plain.Equals(model.Forward(images, ids, mask).Vision.X));
    }

    [Fact]
    public void WeightsAndGradientsStayInFloat32()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(2, 7, 4);
        using (MixedPrecision.Begin())
            model.Forward(images, ids, mask).Logits.square().sum().backward();

        Assert.All(model.parameters(), parameter => Assert.Equal(ScalarType.Float32, parameter.dtype));
        Assert.All(model.parameters().Select(p => p.grad).OfType<Tensor>(), gradient => Assert.Equal(ScalarType.Float32, gradient.dtype));
    }

    [Fact]
    public void ATrainingGoesTheSameWay()
    {
        using var folder = new TemporaryFolder();
        var plain = Train(TinyNlvr.Settings with { Epochs = 1 }, "plain").Records; // of which the first steps are looked at
        var mixed = Train(TinyNlvr.Settings with { Epochs = 6, Precision = TrainingPrecision.BFloat16 }, "mixed").Records;
        Assert.Equal(plain[0].Loss!.Value, mixed[0].Loss!.Value, 0.02 * plain[0].Loss!.Value);
        Assert.NotEqual(plain[0].Loss, mixed[0].Loss);
        Assert.True(mixed[^1].Loss < 0.8 * mixed[0].Loss, $"{mixed[0].Loss} to {mixed[^1].Loss}");

        TrainingResult Train(TrainingSettings settings, string name)
        {
            using var task = TinyNlvr.Task(seed: 1);
            return new Trainer(task, settings, Path.Combine(folder.Path, name)).Run();
        }
    }

    [Fact]
    public void BlocksThatAreComputedAgainAreComputedInTheSamePrecision()
    {
        using var folder = new TemporaryFolder();
        var settings = TinyNlvr.Settings with { Epochs = 1, Precision = TrainingPrecision.BFloat16 };
        using var plain = TinyNlvr.Task(seed: 1);
        new Trainer(plain, settings, Path.Combine(folder.Path, "plain")).Run();
        using var again = TinyNlvr.Task(seed: 1);
        new Trainer(again, settings with { GradientCheckpointing = true }, Path.Combine(folder.Path, "again")).Run();
        Assert.Equal(TinyNlvr.Weights(plain), TinyNlvr.Weights(again));
    }
}
