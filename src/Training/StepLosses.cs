using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>The losses of one batch, each a scalar.</summary>
/// <param name="Task">L_task.</param>
/// <param name="Correct">Share of the batch that is answered right.</param>
public sealed record StepLosses(Tensor Task, Tensor Correct)
{
    /// <summary>L_sim (eq. 12); null where nothing was aligned.</summary>
    public Tensor? Alignment { get; init; }

    /// <summary>A loss that only helps the training, such as naming what each patch shows; null where there is none.</summary>
    public Tensor? Auxiliary { get; init; }

    /// <summary>Tokens that leave the image encoder, mean over the batch's images, class and merged token included; null where nothing is reduced.</summary>
    public double? ImageTokens { get; init; }

    /// <summary>Tokens that leave the text encoder, mean over the batch; null where nothing is reduced.</summary>
    public double? TextTokens { get; init; }

    /// <summary>Multiply-accumulates of one example, mean over the batch; null where nothing is reduced.</summary>
    public double? Macs { get; init; }
}
