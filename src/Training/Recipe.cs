using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>What is trained and how: the toy world's models, or published checkpoints as the released configurations fine-tune
/// them. What neither the paper nor those state is the kit's own choice: clipping of the gradient norm at 1, AdamW's β (0.9,
/// 0.999), no warm-up, a cosine that falls with every step rather than every epoch, no dropout in the text transformers,
/// undecayed biases, norms and embeddings, a temperature found by bisection twice an epoch, and how much is watched.</summary>
public sealed record Recipe(TaskSettings Task, TrainingSettings Training)
{
    private const int Gpus = 8;

    /// <summary>The toy world's. First the plain model, on its answers and on losses that only help: what each patch shows, and
    /// for statements and questions how many of what a word names are there. Then, from those weights, a method at a budget, on
    /// answers and alignment.</summary>
    /// <param name="task">One of <see cref="ModelTask.Names"/>.</param>
    /// <param name="reduceRatio">Share of multiply-accumulates to take away; null trains the plain model.</param>
    /// <param name="prunesParameters">Whether parameters are taken out, in two trainings, instead of tokens in one.</param>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    public static Recipe Toy(string task, double? reduceRatio = null, bool prunesParameters = false)
    {
        var isReduced = reduceRatio is not null;
        var (epochs, reducedEpochs, warmup, checkpoint) = task switch
        {
            "nlvr2" => (18, 4, 200, 60),
            "clip" or "retrieval" => (3, 1, 200, 100),
            "caption" => (4, 2, 100, 100),
            "vqa" => (8, 2, 100, 100),
            _ => throw Unknown(task),
        };
        var (passes, rate, rise) = prunesParameters ? (2, 3e-4, 20)
            : isReduced ? (reducedEpochs, 3e-4, 50) : (epochs, 1e-3, warmup);
        return new Recipe(
            new TaskSettings
            {
                Learns = true,
                ReduceRatio = reduceRatio,
                AlignmentWeight = isReduced ? 0.1 : 0,
                PatchWeight = isReduced ? 0 : 1,
                WordWeight = isReduced || task is not ("nlvr2" or "vqa") ? 0 : 1,
                DropPath = 0,
                QueueSize = 1024,
                Momentum = 0.99,
                WatchedExamples = int.MaxValue,
            },
            new TrainingSettings { Epochs = passes, LearningRate = rate, WarmupSteps = rise, CheckpointEvery = checkpoint });
    }

    /// <summary>The world with decoys'. The plain model begins with the neutral pretraining and is tuned on the answers of one
    /// corpus, and on how many of what a word names are there; then, from those weights, a method at a budget, on answers and
    /// alignment.</summary>
    public static Recipe Decoys(ThingKind corpus, double? reduceRatio = null)
    {
        var isReduced = reduceRatio is not null;
        var (epochs, rate, rise, checkpoint) = isReduced ? (1, 3e-4, 20, 25) : (2, 5e-4, 50, 50);
        return new Recipe(
            new TaskSettings
            {
                Learns = true,
                Corpus = corpus,
                Checkpoint = (isReduced ? ToyModels.Decoys(corpus) : ToyModels.DecoysNeutral).WeightsPath(),
                ReduceRatio = reduceRatio,
                AlignmentWeight = isReduced ? 0.1 : 0,
                Alignment = BlipConfig.Decoys.Alignment!,
                NewAlignment = isReduced,
                WordWeight = isReduced ? 0 : 1,
                DropPath = 0,
            },
            new TrainingSettings { Epochs = epochs, LearningRate = rate, WarmupSteps = rise, CheckpointEvery = checkpoint });
    }

    /// <summary>The paper's fine-tuning: learning rate, weight decay, epochs, batch of 8 GPUs, queue, distillation, drop path, K,
    /// d_k, α.</summary>
    /// <param name="dataset"><c>coco</c> or <c>flickr30k</c>.</param>
    /// <param name="reduceRatio">Share of multiply-accumulates to take away, none if null; the largest train longer.</param>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    public static Recipe Paper(string task, string dataset = "coco", double? reduceRatio = null)
    {
        var isCoco = dataset == "coco";
        TrainingSettings Settings(int perGpu, double rate, int epochs) =>
            new() { Epochs = epochs, BatchSize = Gpus * perGpu, LearningRate = rate, WarmupSteps = 0, CheckpointEvery = 500 };

        // One machine does in turn what 8 GPUs do at a time; losses that compare a batch's examples cannot be had that way.
        TrainingSettings Parts(TrainingSettings settings) => settings with { AccumulateSteps = Gpus };
        var training = task switch
        {
            "nlvr2" => Settings(16, 3e-6, reduceRatio >= 0.8 - 1e-9 ? 25 : 15) with { CheckpointEvery = 200 },
            "clip" => Settings(16, 1e-5, 5) with { WeightDecay = 0.2 },
            "retrieval" => Settings(isCoco ? 32 : 16, 1e-7, isCoco && !(reduceRatio >= 0.75) ? 5 : 10),
            "caption" => Parts(Settings(32, 1e-5, 5)),
            "vqa" => Parts(Settings(16, 2e-5, 3)),
            _ => throw Unknown(task),
        };
        return new Recipe(new TaskSettings { Learns = true, Dataset = dataset, ReduceRatio = reduceRatio }, training);
    }

    private static ArgumentException Unknown(string task) =>
        new($"no recipe for '{task}'; there are {string.Join(", ", ModelTask.Names)}", nameof(task));
}

/// <summary>How trainings at the paper's scale are fitted to the machine, which changes nothing but rounding.</summary>
public static class PaperMachine
{
    /// <summary>Names the device: cpu, cuda or cuda:N.</summary>
    public const string DeviceVariable = "KIT_DEVICE";

    /// <summary>How many examples are worked through at once, for the memory there is.</summary>
    public const string PartVariable = "KIT_PART";

    private const int DefaultPart = 16; // what each of the paper's GPUs had

    /// <summary>Where to compute: <c>KIT_DEVICE</c>, else a GPU where there is one.</summary>
    /// <exception cref="ArgumentException">The variable names no device.</exception>
    public static Device Device =>
        ComputeDevice.Of(Environment.GetEnvironmentVariable(DeviceVariable) is { Length: > 0 } name ? name : ComputeDevice.Auto);

    /// <summary>A training, with batches in parts of at most <c>KIT_PART</c> examples (16) where its losses allow it, gradient
    /// checkpointing, and on a GPU bfloat16 products.</summary>
    /// <param name="parts">Whether a batch may be worked through in parts.</param>
    public static TrainingSettings Fit(TrainingSettings settings, bool parts = true) => settings with
    {
        AccumulateSteps = parts ? Parts(settings.BatchSize, Part()) : 1,
        GradientCheckpointing = true,
        Precision = Device.type == TorchSharp.DeviceType.CUDA ? TrainingPrecision.BFloat16 : TrainingPrecision.Float32,
    };

    /// <summary>The least number of equal parts that are not larger than wanted.</summary>
    internal static int Parts(int batch, int largest) =>
        Enumerable.Range(1, batch).First(parts => batch % parts == 0 && batch / parts <= largest);

    private static int Part()
    {
        var text = Environment.GetEnvironmentVariable(PartVariable);
        return string.IsNullOrEmpty(text) ? DefaultPart
            : int.TryParse(text, out var part) && part > 0 ? part
            : throw new ArgumentException($"{PartVariable} is '{text}'; it is a number of examples, such as 16");
    }
}
