using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Cost;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>How captions of a data set are written and compared.</summary>
/// <param name="Prompt">Tokens that every caption begins with, [DEC] first.</param>
/// <param name="Generation">How captions are generated.</param>
/// <param name="Words">The words of a caption's tokens, without prompt and end.</param>
/// <param name="Content">What a caption says, in a form in which equal contents are equal; null where that cannot be told.</param>
public sealed record CaptionLanguage(IReadOnlyList<int> Prompt, GenerationSettings Generation, Func<IEnumerable<long>, string> Words, Func<string, string>? Content = null)
{
    /// <summary>The toy world's: captions are compared by the shapes they say are there.</summary>
    public static CaptionLanguage Toy { get; } = new(
        ToyTokens.Prompt,
        new GenerationSettings { MaxLength = 28, MinLength = 8, EndId = ToyTokens.Tokenizer.SeparatorId },
        ToyTokens.CaptionOf,
        ToyCaptions.ShapesIn);
}

/// <summary>
/// BLIP's captioner on COCO in Karpathy's splits: what does the image show? An example is a caption with its image. The text has no
/// aligned feature, so that the alignment loss has no part. Costs are those of reading the captions that people wrote, each once, so
/// that they do not depend on what is generated.
/// </summary>
public sealed class CaptionTask : ModelTask<CaptionedImages>
{
    private const int Usual = 50; // images captioned at once

    private readonly BlipCaptioner model;
    private readonly CaptionLanguage language;
    private readonly PatchHead? patchHead;
    private readonly RunCosts costs;
    private readonly CaptionFileNames? files;
    private readonly string? vocabulary;

    /// <summary>A task on splits of any origin: <c>train</c>, <c>val</c> and <c>test</c>.</summary>
    /// <param name="model">The model, on the device that it computes on.</param>
    /// <param name="language">How captions are written.</param>
    /// <param name="settings">What is trained and scored.</param>
    /// <param name="open">Opens a split.</param>
    public CaptionTask(BlipCaptioner model, CaptionLanguage language, TaskSettings settings, Func<string, CaptionedImages> open) : base(model, settings, open)
    {
        ArgumentNullException.ThrowIfNull(model);
        (this.model, this.language, costs) = (model, language, RunCosts.Of(model));
        patchHead = PatchHead.For(settings, model.Config.Vision.Width, Device);
    }

    private CaptionTask(BlipCaptioner model, TaskSettings settings, CaptionFileNames files, BlipTexts texts)
        : this(model, new CaptionLanguage(texts.Prompt, texts.Generation, texts.Words), settings, split => files.Open(split, settings, new TextEncoding(texts.WrittenCaption, texts.Tokenizer.PaddingId), model.Config.Vision.ImageSize)) =>
        (this.files, vocabulary) = (files, texts.Path);

    /// <inheritdoc/>
    public override string Name => "caption";

    /// <inheritdoc/>
    public override string CostOf => "an image with its caption read once";

    /// <inheritdoc/>
    public override nn.Module Model => model;

    /// <inheritdoc/>
    public override int Examples => Train.Captions;

    private protected override IEnumerable<(string Name, nn.Module Module)> Heads => TrainingHeads.Of(patchHead);

    /// <summary>Opens the toy world, or COCO's files in Karpathy's form or BLIP's.</summary>
    /// <exception cref="ArgumentException">The settings name another data set.</exception>
    /// <exception cref="FileNotFoundException">A file is missing; the message says where it belongs.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or does not fit the model.</exception>
    public static CaptionTask Open(TaskSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Dataset != "coco")
        {
            throw new ArgumentException($"captioning is trained and scored on coco, not on '{settings.Dataset}'");
        }

        using var checkpoint = TaskModel.Checkpoint(settings);
        if (settings.Data is null)
        {
            var toy = TaskModel.Blip(settings, checkpoint, BlipConfig.ToyLanguage, config => new BlipCaptioner(config));
            return new CaptionTask(toy, CaptionLanguage.Toy, settings, split => ToyCaptionedImages.DrawForCaptioning(split, split == "train" ? settings.OpenedScenes : settings.Scenes));
        }

        var files = new CaptionFileNames(settings);
        var sizes = CheckpointSizes.Blip(checkpoint!, settings.Untold);
        var texts = BlipTexts.Open(sizes, checkpoint!, files.Files, settings.Vocabulary);
        return new CaptionTask(TaskModel.Blip(settings, checkpoint, sizes, config => new BlipCaptioner(config)), settings, files, texts);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Inputs(params IEnumerable<string> splits) =>
        files is null ? [] : [.. files.Paths(splits), vocabulary!, .. splits.Select(files.Truth).OfType<string>()];

    /// <inheritdoc/>
    public override CaptionTask With(nn.Module other) => new((BlipCaptioner)other, language, Unreduced, Split) { OwnsSplits = false };

    /// <inheritdoc/>
    public override int TextLength(int example) => Train.TextLength(example);

    /// <inheritdoc/>
    public override void Prefetch(IEnumerable<PlannedBatch> plan) => Train.Prefetch(plan);

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var captions = examples.ToArray();
        int[] images = [.. captions.Select(caption => Train.ImageOfCaption[caption])];
        var (ids, mask) = Train.Texts(captions, Device);
        using var trace = Active?.Record();
        var output = model.Forward(Train.TrainingPixels(Epoch, examples, Device), ids, mask, language.Prompt.Count);
        return new StepLosses(output.Loss, WordsRight(output.Logits, LanguageModelLoss.Targets(ids, model.Config.Text.PaddingId, language.Prompt.Count)))
        {
            Auxiliary = patchHead is null ? null : patchHead.Loss(output.Vision.X, Train.PatchClasses(images, Device)!) * Settings.PatchWeight,
            ImageTokens = LastOf(trace, "visual_encoder"),
            Macs = trace is null ? null : costs.PerPair(trace, [.. captions.Select(Train.TextLength)]).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Evaluate("val");

    /// <summary>Captions every image once and compares with all its captions: the field's metrics, multiply-accumulates, tokens per layer.</summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="split">Images with captions.</param>
    /// <param name="name">What to call them.</param>
    /// <param name="language">How captions are generated and compared.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="scoring">How; shuffled, every caption is compared with those of another image.</param>
    /// <param name="truth">COCO's file of references; the split's own captions if null.</param>
    /// <returns>Accuracy is the share of captions that say the same as one of the image's, or CIDEr-D where the language does not tell what captions say.</returns>
    public static Evaluation Evaluate(BlipCaptioner model, CaptionedImages split, string name, CaptionLanguage language, TokenReduction? reduction = null, Scoring? scoring = null, string? truth = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(language);
        scoring ??= new Scoring();
        model.eval();
        var costs = RunCosts.Of(model);
        var count = Math.Min(scoring.Limit ?? split.Images, split.Images);
        var captions = split.ImageOfCaption.Index().ToLookup(caption => caption.Item, caption => caption.Index);
        var shown = scoring.Shuffle == Shuffle.None ? [.. Enumerable.Range(0, split.Images)] : SeededRandom.Derangement(split.Images);
        long[] numbers = scoring.Folder is null ? [] : [.. Enumerable.Range(0, count).Select(image => Number(split.ImageId(image)))];
        var begin = tensor(language.Prompt.Select(id => (long)id).ToArray(), device: Placement.DeviceOf(model));
        var (answers, tokens, resumed) = scoring.Answers(count, Usual, "answers", reduction, (images, trace) =>
        {
            var ids = model.Generate(split.Pixels([.. images.Select(image => shown[image])], Placement.DeviceOf(model)), begin, language.Generation).cpu(); // [B, N]
            var words = ids.data<long>().ToArray().Chunk((int)ids.shape[1]).Select(language.Words).ToArray();
            var spent = Costs(costs, split, captions, images, trace);
            return images.Select((_, i) => new Answer(words[i], null, spent[i].Macs, spent[i].Dense));
        });
        var submission = scoring.Folder is { } folder ? Submit(Path.Combine(folder, "captions.json"), numbers, answers) : null;
        string[][] references = [.. Enumerable.Range(0, count).Select(image => References(split, captions[image], image, language))];
        var scores = CaptionMetrics.Compute(truth is not null && submission is not null
            ? CaptionSet.Read(submission, truth, subset: scoring.Limit is not null)
            : new CaptionSet([.. answers.Select((answer, image) => new TokenizedCaption(image, answer.Text, references[image]))]));
        var accuracy = language.Content is { } says ? answers.Select((answer, image) => references[image].Select(says).Contains(says(answer.Text)) ? 1.0 : 0).Average() : scores.Cider;
        double Mean(Func<Answer, double> of) => answers.Select((answer, image) => of(answer) * captions[image].Count()).Sum() / Enumerable.Range(0, count).Sum(image => captions[image].Count());
        return new Evaluation(name, count, accuracy, Mean(answer => answer.Macs), Mean(answer => answer.DenseMacs))
        {
            Scores = [.. language.Content is null ? [] : new[] { KeyValuePair.Create("says what is there", accuracy) }, .. scores.Bleu.Select((bleu, n) => KeyValuePair.Create($"BLEU-{n + 1}", bleu)), new("ROUGE-L", scores.RougeL), new("CIDEr-D", scores.Cider)],
            ByKind = new Dictionary<string, double> { ["CIDEr"] = scores.Cider, ["BLEU-4"] = scores.Bleu[3], ["ROUGE-L"] = scores.RougeL },
            Temperature = reduction?.Temperature,
            Tokens = tokens,
            Resumed = resumed,
            Submission = submission,
        };
    }

    /// <inheritdoc/>
    protected override Evaluation Score(string split, Scoring scoring) => Evaluate(model, Split(split), split, language, Active, scoring, files?.Truth(split));

    /// <inheritdoc/>
    internal override void Identify(RunIdentity identity, string split)
    {
        identity.Add("beams", language.Generation.Beams);
        identity.Add("length", $"{language.Generation.MinLength} to {language.Generation.MaxLength} tokens");
    }

    /// <inheritdoc/>
    protected override (double Macs, double Dense) CalibrationCost(TokenReduction? reduction)
    {
        var split = Calibrating;
        int[] some = [.. Enumerable.Range(0, Math.Min(Settings.CalibrationExamples, split.Captions))];
        if (reduction is null)
        {
            var dense = some.Average(caption => (double)costs.Dense(split.TextLength(caption)));
            return (dense, dense);
        }

        var captions = some.ToLookup(caption => split.ImageOfCaption[caption]);
        int[] images = [.. captions.Select(image => image.Key)];
        var answers = new Scoring().Answers(images.Length, Usual, "calibration", reduction, (places, trace) =>
        {
            int[] of = [.. places.Select(place => images[place])];
            model.VisualEncoder.forward(split.Pixels(of, Device)); // nothing that is decoded changes what the image costs
            return Costs(costs, split, captions, of, trace).Select((spent, i) => new Answer(string.Empty, null, spent.Macs * captions[of[i]].Count(), 0));
        });
        return (answers.All.Sum(answer => answer.Macs) / some.Length, 0);
    }

    // Of each image: the mean over its captions.
    private static (double Macs, double Dense)[] Costs(RunCosts costs, CaptionedImages split, ILookup<int, int> captions, int[] images, ReductionTrace? trace)
    {
        int[] texts = [.. images.SelectMany(image => captions[image])];
        int[] imageOf = [.. images.SelectMany((image, place) => captions[image].Select(_ => place))];
        int[] lengths = [.. texts.Select(split.TextLength)];
        var macs = trace is null ? [.. lengths.Select(costs.Whole)] : costs.PerPair(trace, lengths, imageOf);
        return [.. imageOf.Index().GroupBy(one => one.Item, one => one.Index).Select(own => (own.Average(one => (double)macs[one]), own.Average(one => (double)costs.Dense(lengths[one]))))];
    }

    private static string[] References(CaptionedImages split, IEnumerable<int> captions, int image, CaptionLanguage language)
    {
        if (split.Written(image) is { } written)
        {
            return [.. written];
        }

        using var scope = NewDisposeScope();
        var ids = split.Texts([.. captions]).Ids;
        return [.. ids.data<long>().ToArray().Chunk((int)ids.shape[1]).Select(language.Words)];
    }

    private static long Number(string? id) => long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new InvalidDataException($"'{id}' is no number, by which COCO's evaluation knows an image");

    private static string Submit(string path, long[] numbers, IReadOnlyList<Answer> answers)
    {
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(
            stream, answers.Zip(numbers, (answer, number) => new { image_id = number, caption = answer.Text })));
        return path;
    }
}
