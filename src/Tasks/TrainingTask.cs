using Madtp.Kit.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>What the trainer trains: modules, examples, and the losses of a batch of them.</summary>
public abstract class TrainingTask
{
    /// <summary>Everything that is trained, by a name that begins its parameters' names in checkpoints.</summary>
    public abstract IReadOnlyList<(string Name, nn.Module Module)> Modules { get; }

    /// <summary>How many training examples there are.</summary>
    public abstract int Examples { get; }

    /// <summary>What is minimised.</summary>
    public abstract TrainingObjective Objective { get; }

    /// <summary>What a budget is met with, part of a checkpoint: MADTP's temperature, a keep ratio; null without one.</summary>
    public virtual double? Strength
    {
        get => null;
        set => _ = value;
    }

    /// <summary>Told the batches that losses will be asked for, in order, so that files can be read ahead.</summary>
    /// <param name="plan">The batches, or their parts where gradients are accumulated; empty when there will be none.</param>
    public virtual void Prefetch(IEnumerable<PlannedBatch> plan)
    {
    }

    /// <summary>The losses of some examples, given by their numbers.</summary>
    public abstract StepLosses Losses(ReadOnlySpan<int> examples);

    /// <summary>Whether the losses compare a batch's examples with one another, so that parts cannot be accumulated.</summary>
    public virtual bool ComparesExamples => false;

    /// <summary>Why a batch in parts, by ranks or one after the other, would not be trained on as the whole; else null.</summary>
    public virtual string? Indivisible => null;

    /// <summary>What else gathers gradients beside the parameters.</summary>
    public virtual IEnumerable<Tensor> Leaves => [];

    /// <summary>Scores the model on the validation examples.</summary>
    public abstract Evaluation Validate();

    /// <summary>Called before a step; a task that holds a budget recalibrates here.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="stepsPerEpoch">Steps in an epoch.</param>
    public virtual void Prepare(int step, int stepsPerEpoch)
    {
    }

    /// <summary>Called after a step; a task that changes something by its gradients does so here.</summary>
    /// <param name="done">Steps that are done, from 1.</param>
    /// <param name="totalSteps">Steps of the whole run.</param>
    public virtual void AfterStep(int done, int totalSteps)
    {
    }

    /// <summary>What else the task must have back to go on: tensors that checkpoints hold and refill.</summary>
    public virtual IEnumerable<(string Name, Tensor Tensor)> State => [];

    /// <summary>Called when a checkpoint has refilled modules and state.</summary>
    /// <param name="done">Steps that are done.</param>
    /// <param name="totalSteps">Steps of the whole run.</param>
    public virtual void Restored(int done, int totalSteps)
    {
    }

    /// <summary>Every trained parameter by its name in checkpoints; those without gradients (copies) are not trained.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> Parameters() =>
        Modules.SelectMany(m => m.Module.named_parameters().Where(p => p.parameter.requires_grad)
            .Select(p => ($"{m.Name}.{p.name}", p.parameter)));
}

/// <summary>The losses of one batch, each a scalar.</summary>
/// <param name="Task">L_task.</param>
/// <param name="Correct">Share of the batch that is answered right.</param>
/// <param name="Alignment">L_sim (eq. 12); null where nothing was aligned.</param>
/// <param name="Auxiliary">A loss that only helps the training, such as naming what each patch shows; null where there is
/// none.</param>
/// <param name="ImageTokens">Tokens that leave the image encoder, mean over the batch's images, class and merged token included;
/// null where nothing is reduced.</param>
/// <param name="TextTokens">Tokens that leave the text encoder, mean over the batch; null where nothing is reduced.</param>
/// <param name="Macs">Multiply-accumulates of one example, mean over the batch; null where nothing is reduced.</param>
public sealed record StepLosses(
    Tensor Task, Tensor Correct, Tensor? Alignment = null, Tensor? Auxiliary = null, double? ImageTokens = null,
    double? TextTokens = null, double? Macs = null);

/// <summary>What is minimised: L = L_task + α·L_sim (Section 3.4), and an auxiliary loss where a recipe has one.</summary>
/// <param name="AlignmentWeight">α.</param>
public sealed record TrainingObjective(double AlignmentWeight = 0.1, double AuxiliaryWeight = 0)
{
    /// <summary>The objective of a step, a scalar. Where nothing was aligned the alignment term is zero (the released code counts
    /// the task loss once more instead, defect 7).</summary>
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
