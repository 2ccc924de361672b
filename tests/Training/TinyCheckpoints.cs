using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Training;

/// <summary>Checkpoints of models small enough to train in a second, in the sizes that <see cref="CheckpointSizes"/> can tell.</summary>
internal static class TinyCheckpoints
{
    private const int Width = 32;

    private static readonly BlipConfig Blip = BlipConfig.ToyRetrieval with
    {
        Vision = BlipConfig.ToyRetrieval.Vision with { Width = Width, Depth = 2, Heads = 2 },
        Text = BlipConfig.ToyRetrieval.Text with { Width = Width, Layers = 2, Heads = 2, FeedForwardWidth = 4 * Width, EncoderWidth = Width, FirstMergeLayer = 1 },
        EmbedWidth = 8,
        DecodeId = ToyTokens.Tokenizer.DecoderId!.Value,
        Contrastive = null,
    };

    private static readonly ClipConfig Clip = ClipConfig.Toy with
    {
        Vision = ClipConfig.Toy.Vision with { Width = Width, Depth = 2, Heads = 2 },
        Text = ClipConfig.Toy.Text with { Width = Width, Layers = 2, Heads = 2 },
        EmbedWidth = 8,
        Contrastive = null,
    };

    /// <summary>Alignment guidance that a plain checkpoint is given.</summary>
    public static AlignmentConfig Alignment { get; } = new(Tokens: 64, Width: 8, AlignmentMapping.PerLayer);

    /// <summary>Writes a task's checkpoint as published ones are: without training copies, and without alignment guidance unless it is given.</summary>
    public static string Write(string folder, string task, AlignmentConfig? alignment = null)
    {
        manual_seed(8);
        using nn.Module model = task switch
        {
            "clip" => new ClipModel(Clip with { Alignment = alignment }),
            "retrieval" => new BlipRetrieval(Blip with { Alignment = alignment }),
            "caption" => new BlipCaptioner(Blip with { Alignment = alignment }),
            _ => new BlipVqa(Blip with { Alignment = alignment }),
        };
        var path = Path.Combine(folder, $"{task}.safetensors");
        SafetensorsWriter.Write(path, model.state_dict());
        return path;
    }

    /// <summary>A few steps of a task's recipe.</summary>
    public static Recipe Recipe(string task, double? ratio)
    {
        var (settings, training) = Kit.Training.Recipe.Paper(task, "coco", ratio);
        return new Recipe(
            settings with { Alignment = Alignment, QueueSize = 32, WatchedExamples = 3, CalibrationExamples = 8 },
            training with { Epochs = 2, BatchSize = 8, AccumulateSteps = training.AccumulateSteps > 1 ? 2 : 1, LearningRate = 1e-3, CheckpointEvery = 1, LogEvery = 1 });
    }
}
