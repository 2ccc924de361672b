using System.Text.Json.Serialization;

namespace Madtp.Kit.Training;

/// <summary>Everything a training run is told besides its task. Equal settings, task and machine give equal weights.</summary>
public sealed record TrainingSettings
{
    /// <summary>Passes over the training examples.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>Examples per step; an epoch's last incomplete batch is left out.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Parts that a step's batch is worked through in, one after the other, with gradients added up: for batches that do
    /// not fit into memory at once. The step is that of the whole batch but for rounding, and for methods that share a number of
    /// tokens among the samples computed at once.</summary>
    public int AccumulateSteps { get; init; } = 1;

    /// <summary>Keeps only the inputs of the encoders' blocks and computes the rest again in the backward pass: much less memory,
    /// about a third more time, the same results.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>What the encoders' matrix products are computed in while training.</summary>
    public TrainingPrecision Precision { get; init; }

    /// <summary>Learning rate at the end of the warm-up.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Learning rate at the last step.</summary>
    public double FinalLearningRate { get; init; }

    /// <summary>Steps over which the learning rate rises from zero.</summary>
    public int WarmupSteps { get; init; } = 500;

    /// <summary>AdamW's weight decay; biases, norms, embeddings and learnable tokens are never decayed.</summary>
    public double WeightDecay { get; init; } = 0.05;

    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.999;

    /// <summary>Gradients are scaled down to this norm over all parameters.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Seed of the order of the examples and of whatever is random in a step.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Steps that one line of the log averages over.</summary>
    public int LogEvery { get; init; } = 20;

    /// <summary>Steps between checkpoints; 0 writes one at the end of each epoch only.</summary>
    public int CheckpointEvery { get; init; }

    /// <summary>Stops at the end of this epoch, in the middle of the schedule; null runs all epochs.</summary>
    public int? StopAfterEpoch { get; init; }

    /// <summary>Stops at the end of an epoch whose validation accuracy has reached this; null runs all epochs.</summary>
    public double? StopAtAccuracy { get; init; }

    /// <summary>What the result depends on, by name: how the training is fitted to the machine, logged and stopped changes
    /// nothing but rounding.</summary>
    internal IReadOnlyDictionary<string, string> Deciding => JsonSerializer.SerializeToNode(this)!.AsObject()
        .Where(setting => setting.Key is not (nameof(AccumulateSteps) or nameof(GradientCheckpointing) or nameof(LogEvery)
            or nameof(CheckpointEvery) or nameof(StopAfterEpoch) or nameof(StopAtAccuracy)))
        .ToDictionary(setting => setting.Key, setting => $"{setting.Value}");

    /// <summary>Insists on numbers that a training can be done with.</summary>
    /// <exception cref="ArgumentException">One is not; the message says which.</exception>
    internal void RequirePossible()
    {
        var largest = float.MaxValue * (1 - Beta1); // Adam divides the first step by 1 - β₁
        Possible(LearningRate >= 0 && LearningRate < largest, "a learning rate", LearningRate);
        Possible(FinalLearningRate >= 0 && FinalLearningRate < largest, "a final learning rate", FinalLearningRate);
        Possible(WeightDecay >= 0 && double.IsFinite(WeightDecay), "a weight decay", WeightDecay);
        Possible(ClipNorm > 0, "gradients clipped to a norm", ClipNorm);
        Possible(StopAtAccuracy is null || double.IsFinite(StopAtAccuracy.Value), "an accuracy to stop at", StopAtAccuracy ?? 0);
        Possible(Epochs >= 0, "a number of epochs", Epochs);
        Possible(WarmupSteps >= 0, "a number of warm-up steps", WarmupSteps);
        Possible(LogEvery > 0, "a number of steps between lines of the log", LogEvery);
        Possible(CheckpointEvery >= 0, "a number of steps between checkpoints", CheckpointEvery);
    }

    private static void Possible(bool holds, string what, double value) =>
        Guard.Argument(holds, $"there is no training with {what} of {value}");
}

/// <summary>What the encoders' matrix products are trained in. Weights and the optimizer are float32 always.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TrainingPrecision>))]
public enum TrainingPrecision
{
    /// <summary>float32 throughout.</summary>
    Float32,
    /// <summary>Mixed precision: products in bfloat16, for GPUs that have it; on a CPU slower than float32.</summary>
    BFloat16,
    /// <summary>float32 whose products a GPU may compute in TF32 (see <see cref="Runtime.ComputeDevice.AllowTf32"/>).</summary>
    Tf32,
}
