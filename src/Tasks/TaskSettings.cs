using Madtp.Kit.Data.Images;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>What a task is opened with: weights, data, losses, reduction. The toy world and the paper's data sets differ in these
/// values and in nothing else. Defaults are the released configurations' where they state one, and the kit's own choice
/// elsewhere.</summary>
public sealed record TaskSettings
{
    /// <summary>Weights to begin with: a file that <c>CheckpointFile</c> reads; null begins the toy world's model anew.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>What no shape of the checkpoint tells, and who is told what was taken instead.</summary>
    public CheckpointHints Hints { get; init; } = new();

    /// <summary>The folder of all data sets, or that of the one that is needed; null draws the toy world in memory.</summary>
    public string? Data { get; init; }

    /// <summary>Which data set, where a task has several: <c>coco</c> or <c>flickr30k</c>.</summary>
    public string Dataset { get; init; } = "coco";

    /// <summary>The vocabulary: BERT's <c>vocab.txt</c>, or CLIP's merges; looked for beside the data if null.</summary>
    public string? Vocabulary { get; init; }

    /// <summary>The toy world's pairs of pictures (NLVR2).</summary>
    public ToyWorldSettings World { get; init; } = new();

    /// <summary>What the world with decoys speaks of (NLVR2): objects are corpus A, glyphs B; null for the toy world.</summary>
    public ThingKind? Corpus { get; init; }

    /// <summary>The world with decoys.</summary>
    public ToyWorldSettings Decoys { get; init; } = ToyWorldSettings.Decoys;

    /// <summary>The toy world's captioned pictures (the other tasks).</summary>
    public ToyCaptionSettings Scenes { get; init; } = new();

    public Device Device { get; init; } = CPU;

    /// <summary>Seed of whatever of the model begins at random, and of augmentation.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Side of the image in pixels, to which the position embedding is resized; the checkpoint's own if null.</summary>
    public int? ImageSize { get; init; }

    /// <summary>Whether the model is to be trained: it gets alignment guidance, copies for contrastive learning, drop path and
    /// dropout. Else it is made as its checkpoint shows it, parameters taken out included.</summary>
    public bool Learns { get; init; }

    /// <summary>Sizes of new alignment guidance. Paper: K = 100, d_k = 768, a map per block and modality (eq. 1).</summary>
    public AlignmentConfig Alignment { get; init; } = new(Map: AlignmentMapping.PerLayer);

    /// <summary>Whether alignment guidance begins anew at these sizes, even if the checkpoint has its own.</summary>
    public bool NewAlignment { get; init; }

    /// <summary>Probability that BLIP's last image block skips a branch in training; earlier blocks skip linearly less.</summary>
    public double DropPath { get; init; } = 0.1;

    /// <summary>Dropout in BLIP's text transformers in training.</summary>
    public double Dropout { get; init; }

    /// <summary>Features that each queue of contrastive learning holds.</summary>
    public int QueueSize { get; init; } = 57600;

    /// <summary>Share of its own weights that a momentum copy keeps in each step.</summary>
    public double Momentum { get; init; } = 0.995;

    /// <summary>Weight of the momentum copies in contrastive targets, reached at the end of the first epoch.</summary>
    public double Distillation { get; init; } = 0.4;

    /// <summary>α, weight of the alignment loss (Section 3.4).</summary>
    public double AlignmentWeight { get; init; } = 0.1;

    /// <summary>What alignment guidance learns from.</summary>
    public GuidanceTraining Guidance { get; init; }

    /// <summary>Weight of the loss on what each patch shows, where the data says it; 0 leaves it out.</summary>
    public double PatchWeight { get; init; }

    /// <summary>Weight of the loss on how many of what a word names are there, where the data says it; 0 leaves it out.</summary>
    public double WordWeight { get; init; }

    /// <summary>Share of the plain model's multiply-accumulates that calibration takes away, 0 to 1; null: nothing.</summary>
    public double? ReduceRatio { get; init; }

    /// <summary>How tokens are reduced; MADTP if null.</summary>
    public PruningMethod? Method { get; init; }

    /// <summary>The method's strength, where it is not calibrated: MADTP's temperature, a keep ratio.</summary>
    public double? Strength { get; init; }

    /// <summary><c>temperature</c> or <c>keep ratio</c>, as it was given: a method that has the other one refuses it.</summary>
    public string? StrengthIs { get; init; }

    /// <summary>Training examples that the strength is calibrated on, the first of the split.</summary>
    public int CalibrationExamples { get; init; } = 200;

    /// <summary>Calibrations in an epoch, evenly spread; one more where its steps do not divide.</summary>
    public int CalibrationsPerEpoch { get; init; } = 2;

    /// <summary>The first training examples only; all if null; 0 meets the budget with the weights as they are.</summary>
    public int? TrainExamples { get; init; }

    /// <summary>First images, or VQA questions, of the validation split that end an epoch; of NLVR2 all do.</summary>
    public int WatchedExamples { get; init; } = 1000;

    /// <summary>Candidates that BLIP looks at closely: in retrieval pairs read for each query, if null 256 for COCO, 128 for
    /// Flickr30k, and 16 of splits of less than 1,000 images and while training; in VQA answers read to their end, if null
    /// 128.</summary>
    public int? Candidates { get; init; }

    /// <summary>What is done to an image that is learned from; BLIP's crop, flip and RandAugment if null.</summary>
    public ImageTransform? Transform { get; init; }

    /// <summary>How many images are decoded at a time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Whether VQA trains on the questions about val2014 as well, as BLIP does for the test server. Then no split with
    /// public answers is left, and what is watched has been learned.</summary>
    public bool TrainOnValidation { get; init; }

    /// <summary>Whether VQA trains on Visual Genome's questions as well, as BLIP does.</summary>
    public bool VisualGenome { get; init; }

    /// <summary>The method, MADTP where none is named.</summary>
    internal PruningMethod Reduction => Method ?? PruningMethod.Madtp;

    /// <summary>Whether the method counts padding as tokens, so that it must get as much as the released code.</summary>
    internal bool CountsPadding => (ReduceRatio ?? Strength) is not null && !Reduction.Policy(1).ExcludePadding;

    /// <summary>The toy world of captions with as many training images as examples are opened.</summary>
    internal ToyCaptionSettings OpenedScenes =>
        Opened is { } examples ? Scenes with { TrainImages = Math.Max(1, examples / Scenes.CaptionsPerImage) } : Scenes;

    /// <summary>How many training examples are opened; where nothing is trained, as many as are calibrated on.</summary>
    internal int? Opened => TrainExamples == 0 ? CalibrationExamples : TrainExamples;
}
