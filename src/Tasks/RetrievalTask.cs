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

/// <summary>CLIP or BLIP on COCO's or Flickr30k's captions: which caption belongs to an image, and which image to a caption? An
/// example is a caption with its image. CLIP ranks by similarity alone; BLIP then reads the best candidates.</summary>
/// <param name="model">A CLIP or a BLIP for retrieval on its device; with training copies where it is trained.</param>
/// <param name="open">Opens splits of any origin: <c>train</c>, <c>val</c> and <c>test</c>.</param>
public sealed class RetrievalTask(IReducibleModel model, TaskSettings settings, Func<string, CaptionedImages> open)
    : ModelTask<CaptionedImages>(model, settings, open)
{
    private const int EncodedAtOnce = 100; // images
    private const int ReadAtOnce = 64; // pairs
    private const int FewImages = 1000;
    private const int FewCandidates = 16;

    private readonly IReducibleModel model = model;
    private double distillation;

    private protected override TrainingHeads Heads { get; } = new(settings, (nn.Module)model, Vision(model));

    public override bool ComparesExamples => true;

    /// <summary>Opens CLIP with the toy world, or with files in Karpathy's form or BLIP's.</summary>
    internal static RetrievalTask OpenClip(TaskSettings settings, CheckpointFile? checkpoint)
    {
        if (settings.Data is null)
        {
            var toy = TaskModel.Clip(settings, checkpoint, ClipConfig.Toy);
            return new RetrievalTask(toy, settings, split => ToyCaptionedImages.DrawForClip(split, settings.OpenedScenes));
        }

        var files = new CaptionFiles(new TaskFiles(settings.Data), settings);
        files.RequireLearned();
        var sizes = CheckpointSizes.Clip(checkpoint!, settings.Hints);
        var (vocabulary, tokens, _) = ClipText.Open(sizes, checkpoint!, files.Files, settings.Vocabulary);
        var encoding = new TextEncoding(tokens, PaddingId: 0, settings.CountsPadding ? sizes.Text.ContextLength : null);
        var model = TaskModel.Clip(settings, checkpoint, sizes);
        return new RetrievalTask(model, settings, split => files.Open(split, encoding, model.Config.Vision.ImageSize))
        {
            Files = splits => [.. files.Paths(splits), vocabulary],
        };
    }

    /// <summary>Opens BLIP, likewise.</summary>
    internal static RetrievalTask OpenBlip(TaskSettings settings, CheckpointFile? checkpoint)
    {
        BlipRetrieval Create(BlipConfig config) => new(config);
        if (settings.Data is null)
        {
            var toy = TaskModel.Blip(settings, checkpoint, BlipConfig.ToyRetrieval, Create);
            return new RetrievalTask(toy, settings, split => ToyCaptionedImages.DrawForBlip(split, settings.OpenedScenes));
        }

        var files = new CaptionFiles(new TaskFiles(settings.Data), settings);
        var (model, texts) = TaskModel.Blip(settings, checkpoint!, files, Create);
        var encoding = new TextEncoding(texts.Caption, texts.Tokenizer.PaddingId, settings.CountsPadding ? texts.Width : null);
        return new RetrievalTask(model, settings, split => files.Open(split, encoding, model.Config.Vision.ImageSize))
        {
            Files = splits => [.. files.Paths(splits), texts.Path],
        };
    }

    public override RetrievalTask With(nn.Module other) => new((IReducibleModel)other, Unreduced, Split) { OwnsSplits = false };

    public override void Prepare(int step, int stepsPerEpoch)
    {
        distillation = Settings.Distillation * Math.Min(1, (double)step / stepsPerEpoch);
        base.Prepare(step, stepsPerEpoch);
    }

    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var captions = examples.ToArray();
        var (ids, mask) = Train.Texts(captions, Device);
        using var trace = Active?.Record();
        var pixels = Train.TrainingPixels(Epoch, examples, Device);
        var imageIds = tensor(captions.Select(caption => (long)Train.ImageOfCaption[caption]).ToArray(), device: Device);
        var step = model is ClipModel clip
            ? clip.TrainingStep(pixels, ids, imageIds, distillation)
            : ((BlipRetrieval)model).TrainingStep(pixels, ids, mask, imageIds, distillation);
        var losses = new StepLosses(step.Task, Correct(step.Features))
        {
            Alignment = AlignmentLoss.Of(step.Aligned, Settings.Guidance),
            Auxiliary = Heads.Loss(captions, step.ImageTokens.X, some => Train.PatchClasses(some, Device)),
        };
        return Recorded(losses, trace, [.. captions.Select(Train.TextLength)]);
    }

    /// <summary>Scores a model as it is: recall both ways, MACs of each caption with its image, tokens per layer.</summary>
    /// <param name="model">A CLIP or a BLIP for retrieval; left in evaluation mode.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="scoring">How; all of them if null.</param>
    /// <param name="candidates">Pairs that BLIP reads for each query.</param>
    /// <exception cref="ArgumentException">It is another model, or images or captions are to be shuffled.</exception>
    public static Evaluation Evaluate(
        IReducibleModel model, CaptionedImages split, string name, TokenReduction? reduction = null, Scoring? scoring = null,
        int candidates = FewCandidates)
    {
        Vision(model);
        scoring ??= new Scoring();
        Guard.Argument(scoring.Shuffle == Shuffle.None,
            $"retrieval has nothing to shuffle: images and captions are ranked against all others anyway");
        using var off = no_grad();
        using var scope = NewDisposeScope();
        ((nn.Module)model).eval();
        var costs = RunCosts.Of((nn.Module)model);
        var count = Math.Min(scoring.Limit ?? split.Images, split.Images);
        var captions = split.ImageOfCaption.Index().ToLookup(caption => caption.Item, caption => caption.Index);
        var answered = scoring.Answers(
            count, EncodedAtOnce, "answers", reduction, (some, trace) => Encoded(model, costs, split, captions, some, trace));
        var answers = answered.All;
        var images = Rows([.. answers.Select(answer => answer.Image)]);
        var texts = Rows([.. answers.SelectMany(answer => answer.Captions)]);
        var similarity = images.MatMul(texts.t()); // [I, T]
        int[] order = [.. Enumerable.Range(0, count).SelectMany(image => captions[image])];
        var scores = model is BlipRetrieval blip
            ? Reranked(blip, split, order, similarity, answers.Max(answer => answer.ImageTokens), reduction, scoring, candidates)
            : RetrievalScores.Of(similarity);
        int[] imageOf = [.. answers.SelectMany((answer, image) => Enumerable.Repeat(image, answer.Captions.Length))];
        var recall = RetrievalRecall.Compute(scores.ImageToText, imageOf, scores.TextToImage);
        (int K, double Text, double Image)[] at =
            [(1, recall.TextAt1, recall.ImageAt1), (5, recall.TextAt5, recall.ImageAt5), (10, recall.TextAt10, recall.ImageAt10)];
        (string Field, string Short, double Value)[] recalls =
        [
            .. at.Select(one => ($"captions for images, R@{one.K}", $"text at {one.K}", one.Text)),
            .. at.Select(one => ($"images for captions, R@{one.K}", $"image at {one.K}", one.Image)),
        ];
        var matrices =
            new Dictionary<string, Tensor> { ["scores_i2t"] = scores.ImageToText, ["scores_t2i"] = scores.TextToImage };
        var pairs = imageOf.Length;
        var (macs, dense) = (answers.Sum(answer => answer.Macs) / pairs, answers.Sum(answer => answer.DenseMacs) / pairs);
        return answered.Evaluation(name, pairs, (recall.TextAt1 + recall.ImageAt1) / 200, macs, dense) with
        {
            Scores = [.. recalls.Select(one => KeyValuePair.Create(one.Field, one.Value)), new("mean", recall.Mean)],
            ByKind = recalls.ToDictionary(one => one.Short, one => one.Value / 100),
            Submission = scoring.Submit("scores.safetensors", path => SafetensorsWriter.Write(path, matrices)),
        };
    }

    protected override Evaluation Score(string split, Scoring scoring)
    {
        var data = Split(split);
        var candidates = Settings.Learns && split != TestSplit ? FewCandidates : CandidatesOf(data, scoring);
        return Evaluate(model, data, split, Active, scoring, candidates);
    }

    internal override void Identify(RunIdentity identity, string split)
    {
        identity.Add("data set", Settings.Dataset);
        if (model is BlipRetrieval)
            identity.Add("candidates", CandidatesOf(Split(split), new Scoring()));
    }

    protected override double ReducedCost(CaptionedImages split, int examples)
    {
        var captions = Enumerable.Range(0, examples).ToLookup(caption => split.ImageOfCaption[caption]);
        int[] images = [.. captions.Select(image => image.Key)];
        var answers = new Scoring().Answers(images.Length, EncodedAtOnce, "calibration", Reduction, (places, trace) =>
            Encoded(model, Costs, split, captions, [.. places.Select(place => images[place])], trace));
        return answers.All.Sum(answer => answer.Macs) / examples;
    }

    // COCO's 5,000 images would need 9 GB for their tokens, so that every image is encoded again where it is read with captions.
    private static RetrievalScores Reranked(
        BlipRetrieval model, CaptionedImages split, int[] captions, Tensor similarity, int longest, TokenReduction? reduction,
        Scoring scoring, int candidates)
    {
        var device = Placement.DeviceOf(model);
        var (ids, mask) = split.Texts(captions, device);
        var reranking = new Reranking(model, ids, mask, similarity, candidates, ReadAtOnce);
        var fill = ReferenceEquals(reduction?.Policy, ReductionPolicy.Released) ? longest : 0;
        var judged = scoring.Answers((int)similarity.shape[0], EncodedAtOnce, "ranking", reduction, (images, _) =>
        {
            var tokens = model.EncodeImages(split.Pixels(images, device)).Tokens;
            return images.Select((image, i) =>
            {
                using var scope = NewDisposeScope();
                var all = tokens.X[i]; // [S, D]
                var own = tokens.Mask is { } real ? all.index_select(0, real[i].nonzero().squeeze(1)) : all;
                var (met, scores) = reranking.Judge(image, Reranking.FilledUp(own, fill));
                return new JudgedTexts(met, MemoryMarshal.AsBytes<float>(scores).ToArray());
            });
        });
        return reranking.Scores(judged.All.Select(one => (one.Texts, MemoryMarshal.Cast<byte, float>(one.Scores).ToArray())));
    }

    private int CandidatesOf(CaptionedImages split, Scoring scoring) => Settings.Candidates
        ?? (Math.Min(scoring.Limit ?? split.Images, split.Images) < FewImages ? FewCandidates
            : Settings.Dataset == "coco" ? 256 : 128);

    private static IEnumerable<PairAnswer> Encoded(
        IReducibleModel model, RunCosts costs, CaptionedImages split, ILookup<int, int> captions, int[] images,
        ReductionTrace? trace)
    {
        var device = Placement.DeviceOf((nn.Module)model);
        int[] texts = [.. images.SelectMany(image => captions[image])];
        int[] imageOf = [.. images.SelectMany((image, place) => captions[image].Select(_ => place))];
        var (ids, mask) = split.Texts(texts, device);
        var (image, text, tokens) = Features(model, split.Pixels(images, device), ids, mask, trace is null ? null : imageOf);
        var (imageRows, textRows, spent) = (Bytes(image), Bytes(text), Spent(costs, split, texts, trace, imageOf));
        return images.Select((_, place) =>
        {
            int[] own = [.. imageOf.Index().Where(one => one.Item == place).Select(one => one.Index)];
            return new PairAnswer(
                imageRows[place], [.. own.Select(one => textRows[one])], tokens[place], own.Sum(one => spent[one].Macs),
                own.Sum(one => spent[one].Dense));
        });
    }

    // Images [B, 3, H, W] and captions [T, N] in the joint space, [B, E] and [T, E], all of length 1, and the tokens that leave
    // the image encoder; where each text's image is given, BLIP reads the pairs too, for the cost of it.
    private static (Tensor Image, Tensor Text, IReadOnlyList<int> ImageTokens) Features(
        IReducibleModel model, Tensor pixels, Tensor ids, Tensor mask, int[]? imageOf)
    {
        if (model is ClipModel clip)
        {
            var (seen, said) = (clip.EncodeImages(pixels), clip.EncodeTexts(ids));
            return (ContrastiveFeatures.Unit(seen.Feature), ContrastiveFeatures.Unit(said.Feature),
                seen.Tokens.TokensPerSample());
        }

        var blip = (BlipRetrieval)model;
        var (image, words) = (blip.EncodeImages(pixels), blip.EncodeTexts(ids, mask));
        if (imageOf is not null)
        {
            var of = tensor(imageOf.Select(i => (long)i).ToArray(), device: pixels.device);
            blip.Match(new ImageContext(image.Tokens.X.index_select(0, of), image.Tokens.Mask?.index_select(0, of)), ids, mask);
        }

        return (image.Feature, words.Feature, image.Tokens.TokensPerSample());
    }

    private static VisionTransformerConfig Vision(IReducibleModel model) => model switch
    {
        ClipModel clip => clip.Config.Vision,
        BlipRetrieval blip => blip.Config.Vision,
        _ => throw new ArgumentException(
            $"retrieval is done by a CLIP or a BLIP for it, not by a {model.GetType().Name}", nameof(model)),
    };

    // Share of images whose own caption is the nearest of the batch.
    private static Tensor Correct(ContrastiveFeatures features)
    {
        using var off = no_grad();
        var texts = Ranks.Gather(features.Text);
        var nearest = features.Image.MatMul(texts.t()).argmax(1);
        return nearest.eq(Ranks.Own(arange(texts.shape[0], dtype: int64, device: nearest.device))).to(float32).mean();
    }

    // Features [N, E] as bytes of each row, and back.
    private static byte[][] Bytes(Tensor features) =>
        [.. MemoryMarshal.AsBytes<float>(features.to(float32).cpu().contiguous().data<float>().ToArray()).ToArray()
            .Chunk((int)features.shape[1] * sizeof(float))];

    // Into memory of libtorch's own: in .NET's, which begins anywhere, a product's last digit differs from run to run.
    private static Tensor Rows(byte[][] rows)
    {
        var values = MemoryMarshal.Cast<byte, float>(rows.SelectMany(row => row).ToArray()).ToArray();
        using var managed = tensor(values, [rows.Length, rows[0].Length / sizeof(float)]);
        return managed.clone();
    }

    /// <summary>An image and its captions in the joint space, as numbers of four bytes, and what its pairs cost in all.</summary>
    private sealed record PairAnswer(byte[] Image, byte[][] Captions, int ImageTokens, double Macs, double DenseMacs);

    /// <summary>How well an image fits the texts it was read with.</summary>
    private sealed record JudgedTexts(long[] Texts, byte[] Scores);
}
