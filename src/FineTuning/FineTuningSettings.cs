using Madtp.Kit.Data.Images;
using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.FineTuning;

/// <summary>What is fine-tuned, on what, and how.</summary>
public sealed record FineTuningSettings
{
    /// <summary>What parameter pruning is called.</summary>
    internal const string UPop = "UPop";

    /// <summary>The weights to begin with: any file that <c>CheckpointFile</c> reads. The model's sizes follow from its tensors.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The folder of all data sets (with <c>coco</c>, <c>vqa</c>, … below it), or that of the one that is needed.</summary>
    public required string Data { get; init; }

    /// <summary>Which data set, where a task has several: <c>coco</c> or <c>flickr30k</c>.</summary>
    public string Dataset { get; init; } = "coco";

    /// <summary>The run's folder: checkpoint, log, weights, scores.</summary>
    public required string Output { get; init; }

    /// <summary>Whether to go on where the folder's run stopped.</summary>
    public bool Resume { get; init; }

    /// <summary>How it is trained.</summary>
    public required FineTuningRecipe Recipe { get; init; }

    /// <summary>Share of the plain model's multiply-accumulates that may be left; null reduces nothing.</summary>
    public double? MacShare { get; init; }

    /// <summary>How tokens are reduced; MADTP if null.</summary>
    public PruningMethod? Method { get; init; }

    /// <summary>
    /// Whether parameters are taken out to the budget instead of tokens (UPop): a search and the training of the smaller model, each
    /// as the recipe says.
    /// </summary>
    public bool PrunesParameters { get; init; }

    /// <summary>The first training captions or questions only; all if null. 0 trains nothing: the budget is met by the weights as they are.</summary>
    public int? TrainExamples { get; init; }

    /// <summary>
    /// Whether VQA trains on the questions about val2014 as well, as BLIP does for the test server. Then no split with public answers
    /// is left, and what is watched has been learned.
    /// </summary>
    public bool TrainOnValidation { get; init; }

    /// <summary>Whether VQA trains on Visual Genome's questions as well, as BLIP does.</summary>
    public bool VisualGenome { get; init; }

    /// <summary>Side of the image in pixels, to which the position embedding is resized; the checkpoint's own if null.</summary>
    public int? ImageSize { get; init; }

    /// <summary>What is done to an image that is learned from; BLIP's crop, flip and RandAugment if null.</summary>
    public IImageTransform? Transform { get; init; }

    /// <summary>How many images are decoded at a time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>The vocabulary: BERT's <c>vocab.txt</c>, or CLIP's merges. Looked for beside the data if null.</summary>
    public string? Vocabulary { get; init; }

    /// <summary>Where to compute.</summary>
    public Device Device { get; init; } = CPU;

    /// <summary>Splits that the trained weights are scored on, by <c>kit evaluate</c>'s names; the task's usual one if null.</summary>
    public IReadOnlyList<string>? ScoredSplits { get; init; }

    /// <summary>Scores the first examples of each split only; all if null.</summary>
    public int? ScoredExamples { get; init; }
}
