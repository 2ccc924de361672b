using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Training;

/// <summary>
/// A module that is moved gets new parameters and buffers, and TorchSharp disposes the old ones: whatever was kept outside it is dead.
/// To float64 and back moves everything without a GPU.
/// </summary>
public sealed class MovedModulesTests(Toys toys) : IClassFixture<Toys>
{
    [Theory]
    [InlineData("nlvr2", null)]
    [InlineData("nlvr2", 0.7)]
    [InlineData("clip", 0.7)]
    [InlineData("retrieval", 0.7)]
    [InlineData("caption", 0.7)]
    [InlineData("vqa", 0.7)]
    public void A_moved_task_trains_and_scores(string name, double? share)
    {
        using var folder = new TemporaryFolder();
        TrainingTask task = name == "nlvr2" ? TinyNlvr.Task(3, share) : TinyFiles.Streamed(name, toys.Data, TinyFiles.Plain, share);
        foreach (var (_, module) in task.Modules)
            module.to(float64).to(float32);

        var settings = name == "nlvr2" ? TinyNlvr.Settings : TinyFiles.Settings;
        var result = new Trainer(task, settings with { Epochs = 1, BatchSize = 12, CheckpointEvery = 0 }, folder.Path).Run();
        Assert.True(result.Completed);
        Assert.All(result.Records, record => Assert.True(double.IsFinite(record.Loss ?? 0)));
        Assert.True(result.Records[^1].EndsEpoch);
        (task as IDisposable)?.Dispose();
    }
}
