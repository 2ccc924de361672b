using System.Text.Json.Serialization;

namespace Madtp.Kit.Training;

/// <summary>One line of a training log. What does not apply is left out of the file.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Epoch">The epoch that the last of them belongs to, from 1.</param>
public sealed record TrainingRecord(int Step, int Epoch)
{
    /// <summary>The objective, mean over the steps since the last line.</summary>
    public double? Loss { get; init; }

    /// <summary>L_task.</summary>
    public double? Task { get; init; }

    /// <summary>L_sim, without its weight.</summary>
    public double? Alignment { get; init; }

    /// <summary>The auxiliary loss, without its weight.</summary>
    public double? Auxiliary { get; init; }

    /// <summary>Share of the training examples answered right since the last line.</summary>
    public double? Accuracy { get; init; }

    /// <summary>Learning rate of the last step.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Norm of the gradient before clipping, mean over the steps.</summary>
    public double? GradientNorm { get; init; }

    /// <summary>Tokens that leave the image encoder, mean.</summary>
    public double? ImageTokens { get; init; }

    /// <summary>Tokens that leave the text encoder, mean.</summary>
    public double? TextTokens { get; init; }

    /// <summary>What the budget is met with: MADTP's temperature, a keep ratio.</summary>
    public double? Dial { get; init; }

    /// <summary>Multiply-accumulates of one example, mean.</summary>
    public double? Macs { get; init; }

    /// <summary>Accuracy on the validation examples; only in lines that end an epoch.</summary>
    public double? Validation { get; init; }

    /// <summary>Seconds of training so far, interruptions left out.</summary>
    public double Seconds { get; init; }

    /// <summary>Whether the line ends an epoch.</summary>
    [JsonIgnore]
    public bool EndsEpoch => Validation is not null;
}
