using Madtp.Kit.Models;
using Madtp.Kit.Training;

namespace Madtp.Kit.FineTuning;

/// <summary>
/// How a published checkpoint is fine-tuned. The defaults are the released configurations' (learning rate, weight decay, epochs,
/// batch of 8 GPUs, queue, distillation, drop path, K, d_k). What neither the paper nor they state is the kit's own choice: clipping
/// of the gradient norm at 1, AdamW's β (0.9, 0.999), no warm-up, a cosine that falls with every step rather than every epoch, no
/// dropout in the text transformers, and how much is watched while training.
/// </summary>
public sealed record FineTuningRecipe
{
    private const int Gpus = 8;
    private const double MostReduced = 0.25;

    /// <summary>How long and how fast.</summary>
    public required TrainingSettings Training { get; init; }

    /// <summary>Sizes of alignment guidance where the checkpoint has none. Paper: K = 100, d_k = 768; a linear map per block and modality, as in its eq. 1.</summary>
    public AlignmentConfig Alignment { get; init; } = new(Map: AlignmentMapping.PerLayer);

    /// <summary>Whether alignment guidance begins anew at these sizes, even if the checkpoint has its own.</summary>
    public bool NewAlignment { get; init; }

    /// <summary>α, weight of the alignment loss.</summary>
    public double AlignmentWeight { get; init; } = 0.1;

    /// <summary>Probability of skipping a residual branch of BLIP's last image block in training; earlier blocks skip linearly less.</summary>
    public double DropPath { get; init; } = 0.1;

    /// <summary>Dropout in BLIP's text transformers in training.</summary>
    public double Dropout { get; init; }

    /// <summary>Features that each queue of retrieval holds.</summary>
    public int QueueSize { get; init; } = 57600;

    /// <summary>Share of its own weights that a momentum copy keeps in each step of retrieval.</summary>
    public double Momentum { get; init; } = 0.995;

    /// <summary>Weight of the momentum copies in retrieval's targets, reached at the end of the first epoch.</summary>
    public double Distillation { get; init; } = 0.4;

    /// <summary>Training examples that the dial is calibrated on, the first of the split.</summary>
    public int CalibrationExamples { get; init; } = 200;

    /// <summary>Calibrations in an epoch, evenly spread.</summary>
    public int CalibrationsPerEpoch { get; init; } = 2;

    /// <summary>Images, or questions in VQA, that are scored at the end of an epoch: the first of the validation split.</summary>
    public int WatchedExamples { get; init; } = 1000;

    /// <summary>Pairs that BLIP reads for each query of retrieval where it is watched; far fewer than where it is scored in the end.</summary>
    public int WatchedCandidates { get; init; } = 16;

    /// <summary>The recipe of a task.</summary>
    /// <param name="task"><c>clip</c>, <c>retrieval</c>, <c>caption</c> or <c>vqa</c>.</param>
    /// <param name="dataset"><c>coco</c> or <c>flickr30k</c>.</param>
    /// <param name="macShare">Share of multiply-accumulates that may be left; null without a budget. The smallest budgets train longer.</param>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    public static FineTuningRecipe Of(string task, string dataset = "coco", double? macShare = null)
    {
        var isCoco = dataset == "coco";
        return task switch
        {
            "clip" => new() { Training = Settings(16, 1e-5, 5) with { WeightDecay = 0.2 } },
            "retrieval" => new() { Training = Settings(isCoco ? 32 : 16, 1e-7, isCoco && !(macShare <= MostReduced) ? 5 : 10) },
            "caption" => new() { Training = Parts(Settings(32, 1e-5, 5)) },
            "vqa" => new() { Training = Parts(Settings(16, 2e-5, 3)) },
            _ => throw new ArgumentException($"no recipe for '{task}'; there are {string.Join(", ", FineTuner.Tasks)}", nameof(task)),
        };
    }

    private static TrainingSettings Settings(int perGpu, double rate, int epochs) => new()
    {
        Epochs = epochs,
        BatchSize = Gpus * perGpu,
        LearningRate = rate,
        WarmupSteps = 0,
        CheckpointEvery = 500,
    };

    // One machine takes one after the other what 8 GPUs do at a time; losses that compare a batch's examples cannot be had that way.
    private static TrainingSettings Parts(TrainingSettings settings) => settings with { AccumulateSteps = Gpus };
}
