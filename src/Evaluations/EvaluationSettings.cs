using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>What is evaluated, on what, and how.</summary>
public sealed record EvaluationSettings
{
    /// <summary>The weights: any file that <c>CheckpointFile</c> reads. The model's sizes follow from its tensors.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The folder of all data sets (with <c>nlvr2</c>, <c>coco</c>, … below it), or that of the one that is needed.</summary>
    public required string Data { get; init; }

    /// <summary>Which split; the task's usual one if null.</summary>
    public string? Split { get; init; }

    /// <summary>Which data set, where a task has several: <c>coco</c> or <c>flickr30k</c>.</summary>
    public string Dataset { get; init; } = "coco";

    /// <summary>Scores the first examples only.</summary>
    public int? Limit { get; init; }

    /// <summary>
    /// The folder that finished examples, the submission and the report are written to; a run that was cut off goes on from there.
    /// If null a folder in <c>artifacts/evaluations</c> of a name that says what is run.
    /// </summary>
    public string? Output { get; init; }

    /// <summary>Whether to throw away what an earlier run has left in the folder.</summary>
    public bool Fresh { get; init; }

    /// <summary>Share of the plain model's multiply-accumulates: the temperature that meets it is looked for on calibration examples.</summary>
    public double? MacShare { get; init; }

    /// <summary>The dial's value, for MADTP the temperature T. If null and no share is given, that of the checkpoint where it has one.</summary>
    public double? Temperature { get; init; }

    /// <summary>Whether to leave the model whole even if the checkpoint has a temperature.</summary>
    public bool Plain { get; init; }

    /// <summary>How tokens are reduced. If null MADTP: as released for the authors' checkpoints, which keep the temperature that way, else the kit's.</summary>
    public PruningMethod? Method { get; init; }

    /// <summary>Examples that the temperature is calibrated on: the first of the training split, or of the split itself where that is absent.</summary>
    public int CalibrationExamples { get; init; } = 200;

    /// <summary>Examples answered at once.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Side of the image in pixels, to which the position embedding is resized; the checkpoint's own if null.</summary>
    public int? ImageSize { get; init; }

    /// <summary>The vocabulary: BERT's <c>vocab.txt</c>, or CLIP's merges. Looked for beside the data if null.</summary>
    public string? Vocabulary { get; init; }

    /// <summary>
    /// Candidates that BLIP looks at closely: in retrieval pairs read for each query, if null 256 for COCO, 128 for Flickr30k, and 16
    /// of splits of less than 1,000 images; in VQA answers read to their end, if null 128.
    /// </summary>
    public int? Candidates { get; init; }

    /// <summary>Where to compute.</summary>
    public Device Device { get; init; } = CPU;
}
