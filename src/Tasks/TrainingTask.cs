using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using TorchSharp;
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
    public virtual void Prepare(int step, int stepsPerEpoch)
    {
    }

    /// <summary>Called after a step; a task that changes something by its gradients does so here.</summary>
    /// <param name="done">Steps that are done, from 1.</param>
    public virtual void AfterStep(int done, int totalSteps)
    {
    }

    /// <summary>What else the task must have back to go on: tensors that checkpoints hold and refill.</summary>
    public virtual IEnumerable<(string Name, Tensor Tensor)> State => [];

    /// <summary>Called when a checkpoint has refilled modules and state.</summary>
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
/// <param name="Auxiliary">A loss that only helps, such as naming what each patch shows; null where there is none.</param>
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
        var total = losses.Task;
        if (losses.Alignment is { } alignment && AlignmentWeight != 0)
            total = total + (alignment * AlignmentWeight);

        return losses.Auxiliary is { } auxiliary && AuxiliaryWeight != 0 ? total + (auxiliary * AuxiliaryWeight) : total;
    }
}

/// <summary>Names what each image token shows. It is used in training only: on the answers alone a small model settles on
/// guessing, while the patches' classes teach its image encoder what there is to see.</summary>
public sealed class PatchHead : nn.Module<Tensor, Tensor>
{
    // The ground is class 0 and covers most patches: at full weight it drowns what tells one shape from another.
    private const float GroundWeight = 0.1f;

    private readonly Linear classes;

    public PatchHead(int width, int count) : base(nameof(PatchHead))
    {
        classes = nn.Linear(width, count);
        var weights = ones(count);
        weights[0] = GroundWeight;
        register_buffer("class_weights", weights);
        RegisterComponents();
    }

    /// <summary>Tokens of whole images with the class token first, <c>[B, N + 1, D]</c>, to scores <c>[B, N, C]</c>.</summary>
    public override Tensor forward(Tensor tokens) => classes.forward(tokens.slice(1, 1, tokens.shape[1], 1));

    /// <summary>What true classes weigh in the mean that the loss is.</summary>
    public double Weight(Tensor truth)
    {
        using var scope = NewDisposeScope();
        return get_buffer("class_weights")!.index_select(0, truth.flatten()).sum(float64).item<double>();
    }

    /// <summary>Cross-entropy of the scores against true classes <c>[B, N]</c>.</summary>
    public Tensor Loss(Tensor tokens, Tensor truth) =>
        nn.functional.cross_entropy(forward(tokens).flatten(0, 1), truth.flatten(), weight: get_buffer("class_weights"));
}

/// <summary>Tells for every text token how many of what it names are in the left and in the right image. It is used in training
/// only: it teaches the cross-attention to look things up long before the answers alone would.</summary>
public sealed class WordHead : nn.Module<Tensor, Tensor>
{
    private readonly Linear counts;
    private readonly int kinds;

    public WordHead(int width, int largest) : base(nameof(WordHead))
    {
        kinds = largest + 1;
        counts = nn.Linear(width, 2 * kinds);
        RegisterComponents();
    }

    /// <summary>Tokens of whole statements, <c>[B, N, D]</c>, to scores of each number for left and right,
    /// <c>[B, N, 2, largest + 1]</c>.</summary>
    public override Tensor forward(Tensor tokens) => counts.forward(tokens).view(tokens.shape[0], tokens.shape[1], 2, kinds);

    /// <summary>Cross-entropy against the truth <c>[B, N, 2]</c>, over the tokens that name something.</summary>
    public Tensor Loss(Tensor tokens, Tensor truth) =>
        nn.functional.cross_entropy(forward(tokens).flatten(0, 2), truth.flatten(), ignore_index: DataSplit.Unnamed);
}

/// <summary>A task's heads, each there where the settings give its loss a weight.</summary>
/// <param name="text">The text encoder's sizes; null where words are not looked up.</param>
internal sealed class TrainingHeads(
    TaskSettings settings, nn.Module model, VisionTransformerConfig image, BertConfig? text = null)
{
    private const int MostNamed = 3; // of the toy world

    private readonly PatchHead? patches = settings.PatchWeight <= 0 ? null : new PatchHead(
        image.Width, settings.Corpus is null ? ToyObject.Classes : Thing.Classes).to(Placement.DeviceOf(model));

    private readonly WordHead? words = settings.WordWeight <= 0 || text is null ? null : new WordHead(
        text.Width, settings.Corpus is null ? MostNamed : Grounding.Most).to(Placement.DeviceOf(model));

    /// <summary>The heads by their names in checkpoints.</summary>
    public IEnumerable<(string Name, nn.Module Module)> Modules =>
        new (string, nn.Module?)[] { ("patch_head", patches), ("word_head", words) }
            .Where(head => head.Item2 is not null).Select(head => (head.Item1, head.Item2!));

    /// <summary>The weighted sum of the losses of those heads that are there, a scalar; null where none is.</summary>
    /// <param name="image">Tokens of their whole images, <c>[B, N + 1, D]</c>.</param>
    /// <param name="classes">Makes what each patch of some examples shows, <c>[B, N]</c>.</param>
    /// <param name="text">Tokens of whole texts, <c>[B, N, D]</c>; null where words are not looked up.</param>
    /// <param name="counts">Makes how many of what each token names are there, <c>[B, N, 2]</c>.</param>
    public Tensor? Loss(
        int[] examples, Tensor image, Func<int[], Tensor?> classes, Tensor? text = null, Func<int[], Tensor?>? counts = null)
    {
        var seen = patches is null ? null : BatchPart.Mean(
            patches.Loss(image, classes(examples)!), examples, some => patches.Weight(classes(some)!))?.mul(settings.PatchWeight);
        var named = words is null ? null : BatchPart.Mean(
            words.Loss(text!, counts!(examples)!), examples, some => counts(some)!.ne(DataSplit.Unnamed).sum().item<long>())
            ?.mul(settings.WordWeight);
        return seen is null ? named : named is null ? seen : seen + named;
    }
}
