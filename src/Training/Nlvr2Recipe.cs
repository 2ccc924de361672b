using System.Globalization;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>
/// How BLIP is fine-tuned on NLVR2 at the paper's scale: from a published checkpoint, on files, at a budget of multiply-accumulates.
/// </summary>
/// <remarks>
/// Of the settings, epochs, batch (8 GPUs of 16 pairs), learning rate and its fall to zero by a cosine, weight decay, drop path,
/// image size, K, d_k and α are the authors' released ones. Not stated by them, and the kit's own: the cosine falls step by step and
/// not epoch by epoch, gradients are clipped at norm 1, biases, norms and embeddings are not decayed, BERT's dropout is left out, and
/// the temperature is found by bisection twice an epoch. Alignment guidance has a linear map in each layer (eq. 1); the released BLIP
/// has none (<see cref="AlignmentMapping.None"/>).
/// </remarks>
public sealed record Nlvr2Recipe
{
    private const int PaperEpochs = 15;
    private const int PaperEpochsAtAFifth = 25;

    /// <summary>The weights to begin with, such as BLIP's <c>model_base_nlvr.pth</c>; the model's sizes follow from its tensors.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The folder of all data sets, or NLVR2's own.</summary>
    public required string Data { get; init; }

    /// <summary>How long and how fast.</summary>
    public required TrainingSettings Training { get; init; }

    /// <summary>What is trained.</summary>
    public NlvrTaskSettings Task { get; init; } = new() { EvaluationBatch = 32 };

    /// <summary>How tokens are reduced; MADTP if null.</summary>
    public PruningMethod? Method { get; init; }

    /// <summary>Sizes of the alignment guidance.</summary>
    public AlignmentConfig Alignment { get; init; } = new(Tokens: 100, Width: 768, AlignmentMapping.PerLayer);

    /// <summary>Probability of skipping a residual branch of the image encoder's last block in training.</summary>
    public double DropPath { get; init; } = 0.1;

    /// <summary>Side of the image in pixels, to which the position embedding is resized; the checkpoint's own if null, which is 384 for BLIP's.</summary>
    public int? ImageSize { get; init; }

    /// <summary>Trains on the first examples of the training split only; on all of them if null.</summary>
    public int? TrainExamples { get; init; }

    /// <summary>The vocabulary; looked for beside the data if null.</summary>
    public string? Vocabulary { get; init; }

    /// <summary>Where to compute.</summary>
    public Device Device { get; init; } = CPU;

    /// <summary>What the trained weights are called.</summary>
    public string FileName => Task.MacShare is { } share
        ? FormattableString.Invariant($"nlvr2-{(Method ?? PruningMethod.Madtp).Name.ToLowerInvariant().Replace(' ', '-')}-{share}.safetensors")
        : "nlvr2.safetensors";

    /// <summary>The paper's recipe.</summary>
    /// <param name="checkpoint">The weights to begin with.</param>
    /// <param name="data">The folder of all data sets, or NLVR2's own.</param>
    /// <param name="macShare">Share of the multiply-accumulates to fine-tune for, between 0 and 1; null reduces nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not between 0 and 1.</exception>
    public static Nlvr2Recipe Paper(string checkpoint, string data, double? macShare = null)
    {
        if (macShare is not (null or (> 0 and < 1)))
        {
            throw new ArgumentOutOfRangeException(nameof(macShare), macShare, "a share of multiply-accumulates lies between 0 and 1");
        }

        return new()
        {
            Checkpoint = checkpoint,
            Data = data,
            Training = new TrainingSettings { Epochs = Epochs(macShare), BatchSize = 128, LearningRate = 3e-6, WarmupSteps = 0, WeightDecay = 0.05, CheckpointEvery = 200 },
            Task = new NlvrTaskSettings { MacShare = macShare, EvaluationBatch = 32 },
        };
    }

    /// <summary>The paper's passes over the training split: 15, or 25 where a fifth of the multiply-accumulates is left.</summary>
    public static int Epochs(double? macShare) => macShare <= 0.2 + 1e-9 ? PaperEpochsAtAFifth : PaperEpochs;

    /// <summary>
    /// Trains, calibrates once more where there is a budget, scores dev and test, and writes the weights into the folder.
    /// </summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="resume">Goes on with the folder's checkpoint.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The report; null where the training was stopped.</returns>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or does not fit the model.</exception>
    public Nlvr2Report? Run(string folder, bool resume = false, Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var files = Nlvr2Materials.Open(this);
        using var task = new NlvrTask(files.Model, files.Train, files.Dev, Task, Method);
        var result = new Trainer(task, Training with { BatchSize = Math.Min(Training.BatchSize, files.Train.Count) }, folder).Run(progress, resume, cancellation);
        if (!result.Completed)
        {
            return null;
        }

        var calibration = Task.MacShare is null ? null : task.Calibrate();
        var report = new Nlvr2Report(task.Evaluate(files.Dev, "dev"), task.Evaluate(files.Test, "test1")) { Calibration = calibration };
        SafetensorsWriter.Write(Path.Combine(folder, FileName), files.Model.state_dict(), Notes(report, task.Dial, result.Steps));
        return report;
    }

    private Dictionary<string, string> Notes(Nlvr2Report report, double? dial, int steps)
    {
        static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
        var notes = new Dictionary<string, string>
        {
            ["begun_with"] = Path.GetFileName(Checkpoint),
            ["seed"] = Training.Seed.ToString(CultureInfo.InvariantCulture),
            ["steps"] = steps.ToString(CultureInfo.InvariantCulture),
            ["dev_accuracy"] = Number(report.Dev.Accuracy),
            ["test_accuracy"] = Number(report.Test.Accuracy),
            ["test_mac_share"] = Number(report.Test.MacShare),
        };
        if (dial is { } value)
        {
            var method = Method ?? PruningMethod.Madtp;
            notes["method"] = method.Name;
            notes[method.Dial.Replace(' ', '_')] = Number(value); // a temperature is found again by './kit evaluate'
        }

        return notes;
    }
}
