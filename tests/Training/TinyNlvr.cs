using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Training;

/// <summary>A model and a world small enough to train in a second.</summary>
internal static class TinyNlvr
{
    public static readonly ToyWorldSettings World = new(Seed: 11, TrainPairs: 48, DevPairs: 16, TestPairs: 16);

    public static readonly TrainingSettings Settings = new() { Epochs = 2, BatchSize = 8, WarmupSteps = 3, LearningRate = 3e-3, LogEvery = 2, CheckpointEvery = 5, Seed = 4 };

    private static readonly BlipConfig Config = BlipConfig.Toy with
    {
        Vision = BlipConfig.Toy.Vision with { Width = 16, Depth = 2, Heads = 2 },
        Text = BlipConfig.Toy.Text with { Width = 16, Layers = 2, Heads = 2, FeedForwardWidth = 32, EncoderWidth = 16, FirstMergeLayer = 1 },
        Alignment = new AlignmentConfig(Tokens: 4, Width: 8, AlignmentMapping.PerLayer),
    };

    /// <summary>A task with fresh weights; <paramref name="share"/> reduces tokens to a budget.</summary>
    public static NlvrTask Task(long seed, double? share = null, bool auxiliary = true, double dropPath = 0)
    {
        var help = share is null && auxiliary ? 1 : 0;
        var settings = new TaskSettings { Learns = true, PatchWeight = help, WordWeight = help, ReduceRatio = 1 - share, CalibrationExamples = 8 };
        var task = new NlvrTask(new BlipNlvr(Config with { Vision = Config.Vision with { DropPath = dropPath } }), settings, split => ToyNlvr2Pairs.Draw(split, World));
        Fill(task.Parameters(), seed);
        return task;
    }

    /// <summary>A model alone, with fresh weights.</summary>
    public static BlipNlvr Model(long seed)
    {
        var model = new BlipNlvr(Config);
        Fill(model.named_parameters(), seed);
        return model;
    }

    /// <summary>A plain model of regular sizes, which the shapes of its checkpoint tell.</summary>
    public static BlipNlvr Plain(long seed)
    {
        var model = new BlipNlvr(Config with { Vision = Config.Vision with { Heads = 1 }, Text = Config.Text with { Heads = 1, FeedForwardWidth = 64 }, Alignment = null });
        Fill(model.named_parameters(), seed);
        return model;
    }

    // Tests run side by side and share torch's random numbers, so equal seeds would not give equal weights.
    private static void Fill(IEnumerable<(string Name, Parameter Parameter)> parameters, long seed)
    {
        using var off = no_grad();
        var random = new SeededRandom((ulong)seed);
        var all = parameters.ToArray();
        foreach (var (_, parameter) in all.Where(p => p.Parameter.shape.Length > 1))
        {
            using var values = tensor(Enumerable.Range(0, (int)parameter.NumberOfElements).Select(_ => (float)random.NextDouble(-0.3, 0.3)).ToArray(), parameter.shape);
            parameter.copy_(values);
        }

        foreach (var (name, parameter) in all.Where(p => p.Parameter.shape.Length == 1))
            parameter.fill_(name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0);
    }

    /// <summary>Every weight of a task, as bytes.</summary>
    public static Dictionary<string, float[]> Weights(NlvrTask task) => task.Parameters().ToDictionary(p => p.Name, p => p.Parameter.detach().cpu().data<float>().ToArray());
}
