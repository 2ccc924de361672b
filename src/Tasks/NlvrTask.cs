using System.Text;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Decoys;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>BLIP on NLVR2: is a statement true of two images? An example is a pair of images with a statement.</summary>
public sealed class NlvrTask : ModelTask<NlvrPairs>
{
    private const int Usual = 100; // examples scored at once

    private readonly BlipNlvr model;
    private readonly PatchHead? patchHead;
    private readonly WordHead? wordHead;
    private readonly RunCosts costs;
    private readonly TaskFiles? files;
    private readonly BlipTexts? texts;

    /// <summary>A task on splits of any origin: <c>train</c>, <c>dev</c> and what is scored.</summary>
    /// <param name="model">The model, on the device that it computes on; disposed with the task where the task owns its splits.</param>
    /// <param name="settings">What is trained and scored.</param>
    /// <param name="open">Opens a split.</param>
    public NlvrTask(BlipNlvr model, TaskSettings settings, Func<string, NlvrPairs> open) : base(model, settings, open)
    {
        this.model = model;
        (patchHead, wordHead) = (PatchHead.For(settings, model.Config.Vision.Width, Device), WordHead.For(settings, model.Config.Text.Width, Device));
        costs = RunCosts.Of(model);
    }

    /// <summary>A task on two splits, which stay the caller's: what is learned, and what is watched and scored.</summary>
    public NlvrTask(BlipNlvr model, TaskSettings settings, NlvrPairs train, NlvrPairs watched) : this(model, settings, split => split == "train" ? train : watched) =>
        OwnsSplits = false;

    private NlvrTask(BlipNlvr model, TaskSettings settings, TaskFiles files, BlipTexts texts) : this(model, settings, split => Open(split, settings, files, texts, model)) =>
        (this.files, this.texts) = (files, texts);

    /// <inheritdoc/>
    public override string Name => "nlvr2";

    /// <inheritdoc/>
    public override string CostOf => "a statement about two images";

    /// <inheritdoc/>
    public override string TestSplit => "test1";

    /// <inheritdoc/>
    public override nn.Module Model => model;

    /// <inheritdoc/>
    public override int Examples => Train.Count;

    private protected override IEnumerable<(string Name, nn.Module Module)> Heads => TrainingHeads.Of(patchHead, wordHead);

    /// <summary>Opens the toy world, or NLVR2's files in their makers' form or BLIP's.</summary>
    /// <exception cref="FileNotFoundException">A file is missing; the message says where it belongs.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or does not fit the model.</exception>
    public static NlvrTask Open(TaskSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using var checkpoint = TaskModel.Checkpoint(settings);
        if (settings.Data is null)
        {
            var sizesOfToy = settings.Corpus is null ? BlipConfig.Toy : BlipConfig.Decoys;
            var toy = TaskModel.Blip(settings, checkpoint, sizesOfToy, config => new BlipNlvr(config));
            if (settings.Corpus is { } corpus)
            {
                return new NlvrTask(toy, settings, split => DecoyPairs.Draw(split, corpus, settings.Decoys, split == "train" ? settings.Opened : null));
            }

            return new NlvrTask(toy, settings, split => ToyNlvr2Pairs.Draw(split, settings.World, split == "train" ? settings.Opened : null));
        }

        var files = new TaskFiles(settings.Data);
        Array.ForEach(settings.Learns ? ["train", "dev"] : Array.Empty<string>(), split => files.Require("nlvr2", FileNames(split)));
        var sizes = CheckpointSizes.Blip(checkpoint!, settings.Untold);
        var texts = BlipTexts.Open(sizes, checkpoint!, files, settings.Vocabulary);
        return new NlvrTask(TaskModel.Blip(settings, checkpoint, sizes, config => new BlipNlvr(config)), settings, files, texts);
    }

    /// <summary>What a split's file is called, the makers' own name first.</summary>
    public static string[] FileNames(string split) => [$"{split}.json", split == "test1" ? "nlvr_test.json" : $"nlvr_{split}.json"];

    /// <inheritdoc/>
    public override IEnumerable<string> Inputs(params IEnumerable<string> splits) =>
        files is null ? [] : [.. splits.Select(split => files.Require("nlvr2", FileNames(split))), texts!.Path];

    /// <inheritdoc/>
    public override NlvrTask With(nn.Module other) => new((BlipNlvr)other, Unreduced, Split) { OwnsSplits = false };

    /// <inheritdoc/>
    public override int TextLength(int example) => Train.TextLength(example);

    /// <inheritdoc/>
    public override void Prefetch(IEnumerable<PlannedBatch> plan) => Train.Prefetch(plan);

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var batch = Train.TrainingBatch(Epoch, examples, Device);
        using var trace = Active?.Record();
        var output = model.Forward(batch);
        return new StepLosses(nn.functional.cross_entropy(output.Logits, batch.Labels), output.Logits.detach().argmax(1).eq(batch.Labels).to(float32).mean())
        {
            Alignment = AlignmentLoss.Of(output.Aligned, Settings.Guidance),
            Auxiliary = TrainingHeads.Sum(
                patchHead?.Loss(output.Vision.X, batch.PatchClasses!).mul(Settings.PatchWeight), wordHead?.Loss(output.Text.X, batch.NamedCounts!).mul(Settings.WordWeight)),
            ImageTokens = LastOf(trace, "visual_encoder"),
            TextTokens = LastOf(trace, "text_encoder"),
            Macs = trace is null ? null : costs.PerPair(trace, batch.TextLengths).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Evaluate("dev");

    /// <summary>Scores a model with a method attached, which is detached again.</summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="pairs">The examples.</param>
    /// <param name="split">What to call them.</param>
    /// <param name="setting">The method.</param>
    /// <param name="scoring">How; all of them if null.</param>
    /// <exception cref="InvalidOperationException">A reduction is attached to the model already.</exception>
    public static Evaluation Evaluate(BlipNlvr model, NlvrPairs pairs, string split, PruningSetting setting, Scoring? scoring = null)
    {
        ArgumentNullException.ThrowIfNull(setting);
        using var reduction = setting.Attach(model);
        return Evaluate(model, pairs, split, reduction, scoring);
    }

    /// <summary>Scores a model as it is: accuracy, multiply-accumulates by each example's own tokens, tokens per layer.</summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="pairs">The examples.</param>
    /// <param name="split">What to call them.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="scoring">How; all of them if null.</param>
    public static Evaluation Evaluate(BlipNlvr model, NlvrPairs pairs, string split, TokenReduction? reduction = null, Scoring? scoring = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(pairs);
        scoring ??= new Scoring();
        model.eval();
        var count = Math.Min(scoring.Limit ?? pairs.Count, pairs.Count);
        var (answers, tokens, resumed) = Answers(model, RunCosts.Of(model), pairs, count, reduction, scoring);
        double Share(IEnumerable<int> of) => of.Average(i => answers[i].Right == true ? 1.0 : 0);
        int[] all = [.. Enumerable.Range(0, count)];
        var accuracy = Share(all);
        var consistency = pairs.Group(0) is null ? (double?)null : all.GroupBy(pairs.Group).Average(group => group.All(i => answers[i].Right == true) ? 1.0 : 0);
        return new Evaluation(split, count, accuracy, answers.Average(a => a.Macs), answers.Average(a => a.DenseMacs))
        {
            Scores = [new("accuracy", accuracy), .. consistency is { } consistent ? [new KeyValuePair<string, double>("consistency", consistent)] : Array.Empty<KeyValuePair<string, double>>()],
            ByKind = pairs.Kinds.Count == 0 ? new Dictionary<string, double>() : all.GroupBy(i => pairs.Kinds[i]).OrderBy(kind => kind.Key, StringComparer.Ordinal).ToDictionary(kind => kind.Key, Share),
            Temperature = reduction?.Temperature,
            Tokens = tokens,
            Resumed = resumed,
            Submission = scoring.Folder is { } folder ? Submit(Path.Combine(folder, "predictions.csv"), pairs, answers) : null,
        };
    }

    /// <inheritdoc/>
    protected override Evaluation Score(string split, Scoring scoring)
    {
        var scores = Evaluate(model, Split(split), split, Active, scoring);
        return Settings.Corpus is null || Active is null || scoring.Shuffle != Shuffle.None ? scores : scores with
        {
            ByKind = scores.ByKind.Concat(KeptShares.Of(model, Split(split), Active)).Concat(Collapse(Split(split)))
                .ToDictionary(kind => kind.Key, kind => kind.Value),
        };
    }

    // How alike the learnable tokens have become, and what they gather from images; nothing without alignment guidance.
    private Dictionary<string, double> Collapse(NlvrPairs pairs)
    {
        if (!Reduction.Policy.NeedsAlignment || model.ReducibleEncoders[0].SpaceDict is not { } learnable)
        {
            return [];
        }

        using var off = no_grad();
        using var scope = NewDisposeScope();
        Reduction.GatherFeatures = true;
        var batch = pairs.Batch([.. Enumerable.Range(0, Math.Min(Usual, pairs.Count))], device: Device);
        var features = model.Forward(batch).Vision.AlignmentFeature!;
        Reduction.GatherFeatures = false;
        return new()
        {
            ["cosine of tokens"] = AlignmentGuidance.MeanCosine(learnable), ["cosine of features"] = AlignmentGuidance.MeanCosine(features),
        };
    }

    /// <inheritdoc/>
    protected override (double Macs, double Dense) CalibrationCost(TokenReduction? reduction)
    {
        var pairs = Calibrating;
        var count = Math.Min(Settings.CalibrationExamples, pairs.Count);
        if (reduction is null)
        {
            var dense = Enumerable.Range(0, count).Average(pair => (double)costs.Dense(pairs.TextLength(pair)));
            return (dense, dense);
        }

        return (Answers(model, costs, pairs, count, reduction, new Scoring()).All.Average(a => a.Macs), 0);
    }

    private static Answered<Answer> Answers(BlipNlvr model, RunCosts costs, NlvrPairs pairs, int count, TokenReduction? reduction, Scoring scoring)
    {
        var other = SeededRandom.Derangement(pairs.Count);
        var device = Placement.DeviceOf(model);
        return scoring.Answers(count, Usual, "answers", reduction, (examples, trace) =>
        {
            int[] others = [.. examples.Select(i => other[i])];
            var batch = pairs.Batch(examples, scoring.Shuffle == Shuffle.Images ? others : [], scoring.Shuffle == Shuffle.Text ? others : [], device);
            var answered = model.Forward(batch).Logits.argmax(1); // [B]
            var right = answered.eq(batch.Labels).cpu().data<bool>().ToArray();
            var isTrue = answered.cpu().data<long>().ToArray();
            var macs = trace is null ? [.. batch.TextLengths.Select(costs.Whole)] : costs.PerPair(trace, batch.TextLengths);
            return examples.Select((_, i) => new Answer(isTrue[i] == 1 ? "True" : "False", right[i], macs[i], costs.Dense(batch.TextLengths[i])));
        });
    }

    private static string? Submit(string path, NlvrPairs pairs, IReadOnlyList<Answer> answers)
    {
        if (pairs.Identifier(0) is null)
        {
            return null;
        }

        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(string.Concat(answers.Select((answer, i) => $"{pairs.Identifier(i)},{answer.Text}\n")))));
        return path;
    }

    private static NlvrPairs Open(string split, TaskSettings settings, TaskFiles files, BlipTexts texts, BlipNlvr model)
    {
        var examples = Nlvr2Dataset.Load(files.Require("nlvr2", FileNames(split)));
        var images = TaskModel.Images(settings, model.Config.Vision.ImageSize);
        return new NlvrPairs(split == "train" && settings.Opened is { } first ? [.. examples.Take(first)] : examples, texts.Tokenizer, model.Config.Text.MaxPositions, images);
    }
}
