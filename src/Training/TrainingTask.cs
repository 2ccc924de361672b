using Madtp.Kit.Data.Batching;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>What the trainer trains: modules, examples, and the losses of a batch of them.</summary>
public abstract class TrainingTask
{
    /// <summary>Everything that is trained, by a name that begins its parameters' names in checkpoints.</summary>
    public abstract IReadOnlyList<(string Name, nn.Module Module)> Modules { get; }

    /// <summary>How many training examples there are.</summary>
    public abstract int Examples { get; }

    /// <summary>What is minimised.</summary>
    public abstract TrainingObjective Objective { get; }

    /// <summary>What a budget is met with, where the task holds one: MADTP's temperature, a keep ratio. Part of a checkpoint.</summary>
    public virtual double? Dial
    {
        get => null;
        set => _ = value;
    }

    /// <summary>Told the batches that losses will be asked for, in order, so that a task that reads files can read them ahead.</summary>
    /// <param name="plan">The batches, or their parts where gradients are accumulated; empty when there will be none.</param>
    public virtual void Foresee(IEnumerable<PlannedBatch> plan)
    {
    }

    /// <summary>The losses of some examples, given by their numbers.</summary>
    public abstract StepLosses Losses(ReadOnlySpan<int> examples);

    /// <summary>Whether the losses compare a batch's examples with one another, so that a batch is more than its parts and cannot be accumulated.</summary>
    public virtual bool ComparesExamples => false;

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

    /// <summary>What the task must have back to go on, besides modules and temperature: tensors that checkpoints hold and refill.</summary>
    public virtual IEnumerable<(string Name, Tensor Tensor)> State => [];

    /// <summary>Called when a checkpoint has refilled modules and state.</summary>
    /// <param name="done">Steps that are done.</param>
    /// <param name="totalSteps">Steps of the whole run.</param>
    public virtual void Restored(int done, int totalSteps)
    {
    }

    /// <summary>Every trained parameter by its name in checkpoints; those without gradients (momentum copies) are not trained.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> Parameters() =>
        Modules.SelectMany(m => m.Module.named_parameters().Where(p => p.parameter.requires_grad).Select(p => ($"{m.Name}.{p.name}", p.parameter)));
}
