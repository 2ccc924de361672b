using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>What is minimised: L = L_task + α·L_sim (Section 3.4), and an auxiliary loss where a recipe has one.</summary>
/// <param name="AlignmentWeight">α.</param>
/// <param name="AuxiliaryWeight">Weight of the auxiliary loss.</param>
public sealed record TrainingObjective(double AlignmentWeight = 0.1, double AuxiliaryWeight = 0)
{
    /// <summary>
    /// The objective of a step, a scalar. Where nothing was aligned the alignment term is zero (the released code counts the task
    /// loss once more instead, defect 7).
    /// </summary>
    public Tensor Total(StepLosses losses)
    {
        ArgumentNullException.ThrowIfNull(losses);
        var total = losses.Task;
        if (losses.Alignment is { } alignment && AlignmentWeight != 0)
        {
            total = total + (alignment * AlignmentWeight);
        }

        return losses.Auxiliary is { } auxiliary && AuxiliaryWeight != 0 ? total + (auxiliary * AuxiliaryWeight) : total;
    }
}
