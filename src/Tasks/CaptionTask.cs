using Madtp.Kit.Checkpoints;
using Madtp.Kit.Cost;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>How captions of a data set are written and compared.</summary>
/// <param name="Prompt">Tokens that every caption begins with, [DEC] first.</param>
/// <param name="Words">The words of a caption's tokens, without prompt and end.</param>
/// <param name="Content">What a caption says, in a form that equal contents share; null where that cannot be told.</param>
public sealed record CaptionLanguage(
    IReadOnlyList<int> Prompt, GenerationSettings Generation, Func<IEnumerable<long>, string> Words,
    Func<string, string>? Content = null)
{
    /// <summary>The toy world's: captions are compared by the shapes they say are there.</summary>
    public static CaptionLanguage Toy { get; } = new(
        ToyTokens.Texts.Prompt,
        new GenerationSettings { MaxLength = 28, MinLength = 8, EndId = ToyTokens.Tokenizer.SeparatorId },
        ToyTokens.Texts.CaptionOf,
        ToyCaptions.ShapesIn);
}

/// <summary>BLIP's captioner on COCO in Karpathy's splits: what does the image show? An example is a caption with its image. The
/// text has no aligned feature, so that the alignment loss has no part. Costs are those of reading the captions that people
/// wrote, each once, so that they do not depend on what is generated.</summary>
/// <param name="open">Opens splits of any origin: <c>train</c>, <c>val</c> and <c>test</c>.</param>
public sealed class CaptionTask(
    BlipCaptioner model, CaptionLanguage language, TaskSettings settings, Func<string, CaptionedImages> open)
    : ModelTask<CaptionedImages>(model, settings, open)
{
    private const int CaptionedAtOnce = 50; // images

    private readonly BlipCaptioner model = model;

    private protected override TrainingHeads Heads { get; } = new(settings, model, model.Config.Vision);

    /// <summary>Opens the toy world, or COCO's files in Karpathy's form or BLIP's.</summary>
    internal static CaptionTask Open(TaskSettings settings, CheckpointFile? checkpoint)
    {
        Guard.Argument(settings.Dataset == "coco", $"captioning is trained and scored on coco, not on '{settings.Dataset}'");
        if (settings.Data is null)
        {
            var toy = TaskModel.Blip(settings, checkpoint, BlipConfig.ToyLanguage, config => new BlipCaptioner(config));
            return new CaptionTask(toy, CaptionLanguage.Toy, settings, split =>
                ToyCaptionedImages.DrawForCaptioning(split, split == "train" ? settings.OpenedScenes : settings.Scenes));
        }

        var files = new CaptionFiles(new TaskFiles(settings.Data), settings);
        var (model, texts) = TaskModel.Blip(settings, checkpoint!, files, config => new BlipCaptioner(config));
        var text = new TextEncoding(texts.WrittenCaption, texts.Tokenizer.PaddingId);
        return new CaptionTask(model, texts.Language, settings, split => files.Open(split, text, model.Config.Vision.ImageSize))
        {
            Files = splits => [.. files.Paths(splits), texts.Path,
                .. splits.Select(split => References(settings, split)).OfType<string>()],
        };
    }

    public override CaptionTask With(nn.Module other) =>
        new((BlipCaptioner)other, language, Unreduced, Split) { OwnsSplits = false };

    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var captions = examples.ToArray();
        var (ids, mask) = Train.Texts(captions, Device);
        using var trace = Active?.Record();
        var prompt = language.Prompt.Count;
        var output = model.Forward(Train.TrainingPixels(Epoch, examples, Device), ids, mask, prompt);
        Tensor Targets(Tensor of) => LanguageModelLoss.Targets(of, model.Config.Text.PaddingId, prompt);
        Tensor Mean(Tensor mean) => BatchPart.Mean(mean, captions, some => Words(Targets(Train.Texts(some).Ids)))!;
        var losses = new StepLosses(Mean(output.Loss), Mean(WordsRight(output.Logits, Targets(ids))))
        {
            Auxiliary = Heads.Loss(captions, output.Vision.X, some => Train.PatchClasses(some, Device)),
        };
        return Recorded(losses, trace, [.. captions.Select(Train.TextLength)]);
    }

    /// <summary>Captions every image and compares with all its captions: the field's metrics, MACs, tokens per layer.</summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="scoring">How; shuffled, every caption is compared with those of another image.</param>
    /// <param name="truth">COCO's file of references; the split's own captions if null.</param>
    /// <returns>Accuracy is the share of captions that say what one of the image's says, or else CIDEr-D.</returns>
    public static Evaluation Evaluate(
        BlipCaptioner model, CaptionedImages split, string name, CaptionLanguage language, TokenReduction? reduction = null,
        Scoring? scoring = null, string? truth = null)
    {
        scoring ??= new Scoring();
        model.eval();
        var costs = RunCosts.Of(model);
        var count = Math.Min(scoring.Limit ?? split.Images, split.Images);
        var captions = split.ImageOfCaption.Index().ToLookup(caption => caption.Item, caption => caption.Index);
        var shown = scoring.Shuffle == Shuffle.None ? [.. Enumerable.Range(0, split.Images)]
            : SeededRandom.Derangement(split.Images);
        long[] numbers = scoring.Folder is null ? []
            : [.. Enumerable.Range(0, count).Select(image => Number(split.ImageId(image)) ?? image)];
        var device = Placement.DeviceOf(model);
        var begin = tensor(language.Prompt.Select(id => (long)id).ToArray(), device: device);
        var answered = scoring.Answers(count, CaptionedAtOnce, "answers", reduction, (images, trace) =>
        {
            var pixels = split.Pixels([.. images.Select(image => shown[image])], device);
            var ids = model.Generate(pixels, begin, language.Generation).cpu(); // [B, N]
            var words = ids.data<long>().ToArray().Chunk((int)ids.shape[1]).Select(language.Words);
            return words.Zip(
                PerImage(costs, split, captions, images, trace),
                (said, spent) => new Answer(said, null, spent.Macs, spent.Dense));
        });
        var answers = answered.All;
        var submission = scoring.Submit("captions.json", path => AtomicFile.Write(path, stream => JsonSerializer.Serialize(
            stream, answers.Zip(numbers, (answer, number) => new { image_id = number, caption = answer.Text }))));
        string[][] references =
            [.. Enumerable.Range(0, count).Select(image => References(split, captions[image], image, language))];
        var scores = CaptionMetrics.Compute(truth is not null && submission is not null
            ? CaptionSet.Read(submission, truth, subset: scoring.Limit is not null)
            : new CaptionSet(
                [.. answers.Select((answer, image) => new TokenizedCaption(image, answer.Text, references[image]))]));
        var accuracy = language.Content is { } says
            ? answers.Select((answer, image) => references[image].Select(says).Contains(says(answer.Text)) ? 1.0 : 0).Average()
            : scores.Cider;
        int[] read = [.. Enumerable.Range(0, count).Select(image => captions[image].Count())];
        double Mean(Func<Answer, double> of) => answers.Select((answer, image) => of(answer) * read[image]).Sum() / read.Sum();
        return answered.Evaluation(name, count, accuracy, Mean(answer => answer.Macs), Mean(answer => answer.DenseMacs)) with
        {
            Scores =
            [
                .. language.Content is null ? [] : new[] { KeyValuePair.Create("says what is there", accuracy) },
                .. scores.Bleu.Select((bleu, n) => KeyValuePair.Create($"BLEU-{n + 1}", bleu)),
                new("ROUGE-L", scores.RougeL),
                new("CIDEr-D", scores.Cider),
            ],
            ByKind = new Dictionary<string, double>
            {
                ["CIDEr"] = scores.Cider, ["BLEU-4"] = scores.Bleu[3], ["ROUGE-L"] = scores.RougeL,
            },
            Submission = submission,
        };
    }

    protected override Evaluation Score(string split, Scoring scoring) =>
        Evaluate(model, Split(split), split, language, Active, scoring, References(Settings, split));

    internal override void Identify(RunIdentity identity, string split)
    {
        identity.Add("beams", language.Generation.Beams);
        identity.Add("length", $"{language.Generation.MinLength} to {language.Generation.MaxLength} tokens");
    }

    protected override double ReducedCost(CaptionedImages split, int examples)
    {
        var captions = Enumerable.Range(0, examples).ToLookup(caption => split.ImageOfCaption[caption]);
        int[] images = [.. captions.Select(image => image.Key)];
        var answers = new Scoring().Answers(images.Length, CaptionedAtOnce, "calibration", Reduction, (places, trace) =>
        {
            int[] of = [.. places.Select(place => images[place])];
            model.VisualEncoder.forward(split.Pixels(of, Device)); // nothing that is decoded changes what the image costs
            return of.Zip(PerImage(Costs, split, captions, of, trace), (image, spent) =>
                new Answer(string.Empty, null, spent.Macs * captions[image].Count(), 0));
        });
        return answers.All.Sum(answer => answer.Macs) / examples;
    }

    // Of each image: the mean over its captions.
    private static (double Macs, double Dense)[] PerImage(
        RunCosts costs, CaptionedImages split, ILookup<int, int> captions, int[] images, ReductionTrace? trace)
    {
        int[] imageOf = [.. images.SelectMany((image, place) => captions[image].Select(_ => place))];
        var spent = Spent(costs, split, images.SelectMany(image => captions[image]), trace, imageOf);
        return [.. imageOf.Zip(spent).GroupBy(one => one.First, one => one.Second)
            .Select(own => (own.Average(one => one.Macs), own.Average(one => one.Dense)))];
    }

    // COCO's file of references for a split; null where there is none.
    private static string? References(TaskSettings settings, string split) =>
        settings.Data is { } root ? new TaskFiles(root).Find("coco", $"coco_karpathy_{split}_gt.json") : null;

    private static string[] References(CaptionedImages split, IEnumerable<int> captions, int image, CaptionLanguage language)
    {
        if (split.Written(image) is { } written)
            return [.. written];

        using var scope = NewDisposeScope();
        var ids = split.Texts([.. captions]).Ids;
        return [.. ids.data<long>().ToArray().Chunk((int)ids.shape[1]).Select(language.Words)];
    }

    // Images that are drawn in memory have no number but their place.
    private static long? Number(string? id) =>
        id is null ? null
        : long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new InvalidDataException($"'{id}' is no number, by which COCO's evaluation knows an image");
}
