using Madtp.Kit.Checkpoints;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>BLIP on NLVR2: is a statement true of two images? An example is a pair of images with a statement.</summary>
/// <param name="open">Opens splits of any origin: <c>train</c>, <c>dev</c> and what is scored.</param>
public sealed class NlvrTask(BlipNlvr model, TaskSettings settings, Func<string, NlvrPairs> open)
    : ModelTask<NlvrPairs>(model, settings, open)
{
    private const int ScoredAtOnce = 100; // examples

    private readonly BlipNlvr model = model;

    /// <summary>A task on two splits, which stay the caller's: what is learned, and what is watched and scored.</summary>
    public NlvrTask(BlipNlvr model, TaskSettings settings, NlvrPairs train, NlvrPairs watched)
        : this(model, settings, split => split == "train" ? train : watched) => OwnsSplits = false;

    private protected override TrainingHeads Heads { get; } = new(settings, model, model.Config.Vision, model.Config.Text);

    public override string TestSplit => "test1";

    public override string ValidationSplit => "dev";

    /// <summary>Opens the toy world, or NLVR2's files in their makers' form or BLIP's.</summary>
    internal static NlvrTask Open(TaskSettings settings, CheckpointFile? checkpoint)
    {
        if (settings.Data is null)
        {
            var sizes = settings.Corpus is null ? BlipConfig.Toy : BlipConfig.Decoys;
            var toy = TaskModel.Blip(settings, checkpoint, sizes, config => new BlipNlvr(config));
            int? Drawn(string split) => split == "train" ? settings.Opened : null;
            return new NlvrTask(toy, settings, split => settings.Corpus is { } corpus
                ? DecoyPairs.Draw(split, corpus, settings.Decoys, Drawn(split))
                : ToyNlvr2Pairs.Draw(split, settings.World, Drawn(split)));
        }

        var files = new NlvrFiles(new TaskFiles(settings.Data), settings);
        var (model, texts) = TaskModel.Blip(settings, checkpoint!, files, config => new BlipNlvr(config));
        return new NlvrTask(model, settings, split => files.Open(split, texts, model.Config.Vision.ImageSize))
        {
            Files = splits => [.. files.Paths(splits), texts.Path],
        };
    }

    public override NlvrTask With(nn.Module other) => new((BlipNlvr)other, Unreduced, Split) { OwnsSplits = false };

    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var batch = Train.TrainingBatch(Epoch, examples, Device);
        using var trace = Active?.Record();
        var output = model.Forward(batch);
        var right = output.Logits.detach().argmax(1).eq(batch.Labels).to(float32).mean();
        var losses = new StepLosses(nn.functional.cross_entropy(output.Logits, batch.Labels), right)
        {
            Alignment = AlignmentLoss.Of(output.Aligned, Settings.Guidance),
            Auxiliary = Heads.Loss(
                examples.ToArray(), output.Vision.X, some => Train.PatchClasses(some, Device),
                output.Text.X, some => Train.NamedCounts(some, Device)),
        };
        return Recorded(losses, trace, batch.TextLengths);
    }

    /// <summary>Scores a model with a method attached, which is detached again.</summary>
    /// <exception cref="InvalidOperationException">A reduction is attached to the model already.</exception>
    public static Evaluation Evaluate(
        BlipNlvr model, NlvrPairs pairs, string split, PruningSetting setting, Scoring? scoring = null)
    {
        using var reduction = setting.Attach(model);
        return Evaluate(model, pairs, split, reduction, scoring);
    }

    /// <summary>Scores a model as it is: accuracy, multiply-accumulates by each example's own tokens, tokens per layer.</summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="scoring">How; all of them if null.</param>
    public static Evaluation Evaluate(
        BlipNlvr model, NlvrPairs pairs, string split, TokenReduction? reduction = null, Scoring? scoring = null)
    {
        scoring ??= new Scoring();
        model.eval();
        var count = Math.Min(scoring.Limit ?? pairs.Count, pairs.Count);
        var answered = Answers(model, RunCosts.Of(model), pairs, count, reduction, scoring);
        var answers = answered.All;
        double Share(IEnumerable<int> of) => of.Average(i => answers[i].Right == true ? 1.0 : 0);
        int[] all = [.. Enumerable.Range(0, count)];
        var accuracy = Share(all);
        var scores = new List<KeyValuePair<string, double>> { new("accuracy", accuracy) };
        if (pairs.Group(0) is not null)
        {
            var groups = all.GroupBy(pairs.Group);
            scores.Add(new("consistency", groups.Average(group => group.All(i => answers[i].Right == true) ? 1.0 : 0)));
        }

        var kinds = all.Where(_ => pairs.Kinds.Count > 0).GroupBy(i => pairs.Kinds[i])
            .OrderBy(kind => kind.Key, StringComparer.Ordinal);
        string Rows() => string.Concat(answers.Select((answer, i) => $"{pairs.Identifier(i)},{answer.Text}\n"));
        return answered.Evaluation(split, count, accuracy, answers.Average(a => a.Macs), answers.Average(a => a.DenseMacs)) with
        {
            Scores = scores,
            ByKind = kinds.ToDictionary(kind => kind.Key, Share),
            Submission = pairs.Identifier(0) is null ? null
                : scoring.Submit("predictions.csv", path => AtomicFile.Write(path, Rows())),
        };
    }

    protected override Evaluation Score(string split, Scoring scoring)
    {
        var scores = Evaluate(model, Split(split), split, Active, scoring);
        return Settings.Corpus is null || Active is null || scoring.Shuffle != Shuffle.None ? scores : scores with
        {
            ByKind = scores.ByKind.Concat(NlvrTokens.KeptShares(model, Split(split), Active)).Concat(Collapse(Split(split)))
                .ToDictionary(kind => kind.Key, kind => kind.Value),
        };
    }

    // How alike the learnable tokens have become, and what they gather from images; nothing without alignment guidance.
    private Dictionary<string, double> Collapse(NlvrPairs pairs)
    {
        if (!Reduction.Policy.NeedsAlignment || model.ReducibleEncoders[0].SpaceDict is not { } learnable)
            return [];

        using var off = no_grad();
        using var scope = NewDisposeScope();
        Reduction.GatherFeatures = true;
        var batch = pairs.Batch([.. Enumerable.Range(0, Math.Min(ScoredAtOnce, pairs.Count))], device: Device);
        var features = model.Forward(batch).Vision.AlignmentFeature!;
        Reduction.GatherFeatures = false;
        return new()
        {
            ["cosine of tokens"] = AlignmentGuidance.MeanCosine(learnable),
            ["cosine of features"] = AlignmentGuidance.MeanCosine(features),
        };
    }

    protected override double ReducedCost(NlvrPairs split, int examples) =>
        Answers(model, Costs, split, examples, Reduction, new Scoring()).All.Average(answer => answer.Macs);

    private static Answered<Answer> Answers(
        BlipNlvr model, RunCosts costs, NlvrPairs pairs, int count, TokenReduction? reduction, Scoring scoring)
    {
        var other = SeededRandom.Derangement(pairs.Count);
        var device = Placement.DeviceOf(model);
        return scoring.Answers(count, ScoredAtOnce, "answers", reduction, (examples, trace) =>
        {
            int[] others = [.. examples.Select(i => other[i])];
            int[] Shuffled(Shuffle what) => scoring.Shuffle == what ? others : [];
            var batch = pairs.Batch(examples, Shuffled(Shuffle.Images), Shuffled(Shuffle.Text), device);
            var answered = model.Forward(batch).Logits.argmax(1); // [B]
            var right = answered.eq(batch.Labels).cpu().data<bool>().ToArray();
            var isTrue = answered.cpu().data<long>().ToArray();
            var macs = costs.PerPair(trace, batch.TextLengths);
            return examples.Select((_, i) =>
                new Answer(isTrue[i] == 1 ? "True" : "False", right[i], macs[i], costs.Dense(batch.TextLengths[i])));
        });
    }
}
