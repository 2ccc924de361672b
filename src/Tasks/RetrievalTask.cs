using System.Runtime.InteropServices;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>
/// CLIP or BLIP on COCO's or Flickr30k's captions: which caption belongs to an image, and which image to a caption? An example is a
/// caption with its image.
/// </summary>
public sealed class RetrievalTask : ModelTask<CaptionedImages>
{
    private const int Usual = 100; // images answered at once
    private const int ReadAtOnce = 64;
    private const int FewImages = 1000;
    private const int FewCandidates = 16;

    private readonly IRetriever retriever;
    private readonly PatchHead? patchHead;
    private readonly CaptionFileNames? files;
    private readonly string? vocabulary;
    private double distillation;

    /// <summary>A task on splits of any origin: <c>train</c>, <c>val</c> and <c>test</c>.</summary>
    /// <param name="retriever">The model, on the device that it computes on; with training copies where it is trained.</param>
    /// <param name="settings">What is trained and scored.</param>
    /// <param name="open">Opens a split.</param>
    public RetrievalTask(IRetriever retriever, TaskSettings settings, Func<string, CaptionedImages> open) : base(Given(retriever).Reducible, settings, open)
    {
        this.retriever = retriever;
        patchHead = PatchHead.For(settings, retriever.ImageWidth, Device);
    }

    private RetrievalTask(IRetriever retriever, TaskSettings settings, CaptionFileNames files, string vocabulary, TextEncoding text, int size)
        : this(retriever, settings, split => files.Open(split, settings, text, size)) => (this.files, this.vocabulary) = (files, vocabulary);

    /// <inheritdoc/>
    public override string Name => retriever is ClipRetriever ? "clip" : "retrieval";

    /// <inheritdoc/>
    public override string CostOf => "a caption with its image";

    /// <inheritdoc/>
    public override nn.Module Model => retriever.Module;

    /// <inheritdoc/>
    public override int Examples => Train.Captions;

    /// <inheritdoc/>
    public override bool ComparesExamples => true;

    private protected override IEnumerable<(string Name, nn.Module Module)> Heads => TrainingHeads.Of(patchHead);

    /// <summary>Opens CLIP with the toy world, or with files in Karpathy's form or BLIP's.</summary>
    /// <exception cref="FileNotFoundException">A file is missing; the message says where it belongs.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or does not fit the model.</exception>
    public static RetrievalTask OpenClip(TaskSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using var checkpoint = TaskModel.Checkpoint(settings);
        if (settings.Data is null)
        {
            return new RetrievalTask(new ClipRetriever(TaskModel.Clip(settings, checkpoint, ClipConfig.Toy)), settings, split => ToyCaptionedImages.DrawForClip(split, settings.OpenedScenes));
        }

        var files = new CaptionFileNames(settings);
        var sizes = CheckpointSizes.Clip(checkpoint!, settings.Untold);
        var text = ClipText.Open(sizes, checkpoint!, files.Files, settings.Vocabulary);
        var model = TaskModel.Clip(settings, checkpoint, sizes);
        var encoding = new TextEncoding(text.Tokens, PaddingId: 0, settings.CountsPadding ? sizes.Text.ContextLength : null);
        return new RetrievalTask(new ClipRetriever(model), settings, files, text.Path, encoding, model.Config.Vision.ImageSize);
    }

    /// <summary>Opens BLIP, likewise.</summary>
    /// <inheritdoc cref="OpenClip"/>
    public static RetrievalTask OpenBlip(TaskSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using var checkpoint = TaskModel.Checkpoint(settings);
        BlipRetrieval Model(BlipConfig sizes) => TaskModel.Blip(settings, checkpoint, sizes, config => new BlipRetrieval(config), TaskModel.Contrastive(settings));
        if (settings.Data is null)
        {
            return new RetrievalTask(new BlipRetriever(Model(BlipConfig.ToyRetrieval)), settings, split => ToyCaptionedImages.DrawForBlip(split, settings.OpenedScenes));
        }

        var files = new CaptionFileNames(settings);
        var sizes = CheckpointSizes.Blip(checkpoint!, settings.Untold);
        var text = BlipTexts.Open(sizes, checkpoint!, files.Files, settings.Vocabulary);
        var model = Model(sizes);
        var encoding = new TextEncoding(text.Caption, text.Tokenizer.PaddingId, settings.CountsPadding ? text.Width : null);
        return new RetrievalTask(new BlipRetriever(model), settings, files, text.Path, encoding, model.Config.Vision.ImageSize);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Inputs(params IEnumerable<string> splits) => files is null ? [] : [.. files.Paths(splits), vocabulary!];

    /// <inheritdoc/>
    public override RetrievalTask With(nn.Module other) =>
        new(other is ClipModel clip ? new ClipRetriever(clip) : new BlipRetriever((BlipRetrieval)other), Unreduced, Split) { OwnsSplits = false };

    /// <inheritdoc/>
    public override int TextLength(int example) => Train.TextLength(example);

    /// <inheritdoc/>
    public override void Prefetch(IEnumerable<PlannedBatch> plan) => Train.Prefetch(plan);

    /// <inheritdoc/>
    public override void Prepare(int step, int stepsPerEpoch)
    {
        distillation = Settings.Distillation * Math.Min(1, (double)step / stepsPerEpoch);
        base.Prepare(step, stepsPerEpoch);
    }

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var captions = examples.ToArray();
        int[] images = [.. captions.Select(caption => Train.ImageOfCaption[caption])];
        var (ids, mask) = Train.Texts(captions, Device);
        using var trace = Active?.Record();
        var losses = retriever.Step(
            Train.TrainingPixels(Epoch, examples, Device), ids, mask, tensor(images.Select(image => (long)image).ToArray(), device: Device), distillation);
        return new StepLosses(losses.Task, Correct(losses.Features))
        {
            Alignment = AlignmentLoss.Of(losses.Aligned, Settings.Guidance),
            Auxiliary = patchHead is null ? null : patchHead.Loss(losses.ImageTokens.X, Train.PatchClasses(images, Device)!) * Settings.PatchWeight,
            ImageTokens = trace is null ? null : LastOf(trace, 0),
            TextTokens = trace is null ? null : LastOf(trace, 1),
            Macs = trace is null ? null : retriever.Costs.PerPair(trace, [.. captions.Select(Train.TextLength)]).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Evaluate("val");

    /// <summary>Scores a model as it is: recall both ways, multiply-accumulates of each caption with its image, tokens per layer.</summary>
    /// <param name="retriever">The model; left in evaluation mode.</param>
    /// <param name="split">Images and captions.</param>
    /// <param name="name">What to call them.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="scoring">How; all of them if null.</param>
    /// <param name="candidates">Pairs that BLIP reads for each query.</param>
    public static Evaluation Evaluate(IRetriever retriever, CaptionedImages split, string name, TokenReduction? reduction = null, Scoring? scoring = null, int candidates = FewCandidates)
    {
        ArgumentNullException.ThrowIfNull(retriever);
        ArgumentNullException.ThrowIfNull(split);
        scoring ??= new Scoring();
        if (scoring.Shuffle != Shuffle.None)
        {
            throw new ArgumentException("retrieval has nothing to shuffle: images and captions are ranked against all others anyway");
        }

        using var off = no_grad();
        using var scope = NewDisposeScope();
        retriever.Module.eval();
        var count = Math.Min(scoring.Limit ?? split.Images, split.Images);
        var captions = split.ImageOfCaption.Index().Where(caption => caption.Item < count).OrderBy(caption => caption.Item).Select(caption => caption.Index).ToLookup(caption => split.ImageOfCaption[caption]);
        var (answers, tokens, resumed) = scoring.Answers(count, Usual, "answers", reduction, (some, trace) => Encoded(retriever, split, captions, some, trace));
        var images = Rows([.. answers.Select(answer => answer.Image)]);
        var texts = Rows([.. answers.SelectMany(answer => answer.Captions)]);
        var similarity = images.MatMul(texts.t()); // [I, T]
        var scores = retriever is BlipRetriever blip
            ? Reranked(blip.Model, split, [.. Enumerable.Range(0, count).SelectMany(image => captions[image])], similarity, answers.Max(answer => answer.ImageTokens), reduction, scoring, candidates)
            : RetrievalScores.Of(similarity);
        var recall = RetrievalRecall.Compute(Matrix(scores.ImageToText), [.. answers.SelectMany((answer, image) => Enumerable.Repeat(image, answer.Captions.Length))], Matrix(scores.TextToImage));
        (string Field, string Short, double Value)[] recalls =
        [
            ("captions for images, R@1", "text at 1", recall.TextAt1), ("captions for images, R@5", "text at 5", recall.TextAt5), ("captions for images, R@10", "text at 10", recall.TextAt10),
            ("images for captions, R@1", "image at 1", recall.ImageAt1), ("images for captions, R@5", "image at 5", recall.ImageAt5), ("images for captions, R@10", "image at 10", recall.ImageAt10),
        ];
        var pairs = answers.Sum(answer => answer.Captions.Length);
        return new Evaluation(name, pairs, (recall.TextAt1 + recall.ImageAt1) / 200, answers.Sum(answer => answer.Macs) / pairs, answers.Sum(answer => answer.DenseMacs) / pairs)
        {
            Scores = [.. recalls.Select(one => KeyValuePair.Create(one.Field, one.Value)), new("mean", recall.Mean)],
            ByKind = recalls.ToDictionary(one => one.Short, one => one.Value / 100),
            Temperature = reduction?.Temperature,
            Tokens = tokens,
            Resumed = resumed,
            Submission = scoring.Folder is { } folder ? Submit(Path.Combine(folder, "scores.safetensors"), scores) : null,
        };
    }

    /// <inheritdoc/>
    protected override Evaluation Score(string split, Scoring scoring)
    {
        var data = Split(split);
        return Evaluate(retriever, data, split, Active, scoring, Settings.Learns && split != TestSplit ? FewCandidates : CandidatesOf(data, scoring));
    }

    /// <inheritdoc/>
    internal override void Identify(RunIdentity identity, string split)
    {
        identity.Add("data set", Settings.Dataset);
        if (retriever is BlipRetriever)
        {
            identity.Add("candidates", CandidatesOf(Split(split), new Scoring()));
        }
    }

    /// <inheritdoc/>
    protected override (double Macs, double Dense) CalibrationCost(TokenReduction? reduction)
    {
        var split = Calibrating;
        int[] some = [.. Enumerable.Range(0, Math.Min(Settings.CalibrationExamples, split.Captions))];
        if (reduction is null)
        {
            var dense = some.Average(caption => (double)retriever.Costs.Dense(split.TextLength(caption)));
            return (dense, dense);
        }

        var captions = some.ToLookup(caption => split.ImageOfCaption[caption]);
        int[] images = [.. captions.Select(image => image.Key)];
        var answers = new Scoring().Answers(images.Length, Usual, "calibration", reduction, (places, trace) => Encoded(retriever, split, captions, [.. places.Select(place => images[place])], trace));
        return (answers.All.Sum(answer => answer.Macs) / some.Length, 0);
    }

    // COCO's 5,000 images would need 9 GB for their tokens, so that every image is encoded again where it is read with captions.
    private static RetrievalScores Reranked(BlipRetrieval model, CaptionedImages split, int[] captions, Tensor similarity, int longest, TokenReduction? reduction, Scoring scoring, int candidates)
    {
        var device = Placement.DeviceOf(model);
        var (ids, mask) = split.Texts(captions, device);
        var reranking = new Reranking(model, ids, mask, similarity, candidates, ReadAtOnce);
        var fill = ReferenceEquals(reduction?.Policy, ReductionPolicy.Released) ? longest : 0;
        var judged = scoring.Answers((int)similarity.shape[0], Usual, "ranking", reduction, (images, _) =>
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

    private int CandidatesOf(CaptionedImages split, Scoring scoring) =>
        Settings.Candidates ?? (Math.Min(scoring.Limit ?? split.Images, split.Images) < FewImages ? FewCandidates : Settings.Dataset == "coco" ? 256 : 128);

    private static IEnumerable<PairAnswer> Encoded(IRetriever retriever, CaptionedImages split, ILookup<int, int> captions, int[] images, ReductionTrace? trace)
    {
        var device = Placement.DeviceOf(retriever.Module);
        int[] texts = [.. images.SelectMany(image => captions[image])];
        int[] imageOf = [.. images.SelectMany((image, place) => captions[image].Select(_ => place))];
        var (ids, mask) = split.Texts(texts, device);
        var features = retriever.Encode(split.Pixels(images, device), ids, mask, imageOf, trace is not null);
        int[] lengths = [.. texts.Select(split.TextLength)];
        var macs = trace is null ? [.. lengths.Select(retriever.Costs.Whole)] : retriever.Costs.PerPair(trace, lengths, imageOf);
        var (image, text) = (Bytes(features.Images), Bytes(features.Texts));
        return images.Select((_, place) =>
        {
            int[] own = [.. imageOf.Index().Where(one => one.Item == place).Select(one => one.Index)];
            return new PairAnswer(image[place], [.. own.Select(one => text[one])], features.ImageTokens[place], own.Sum(one => (double)macs[one]), own.Sum(one => (double)retriever.Costs.Dense(lengths[one])));
        });
    }

    // Tokens that leave an encoder's last layer in its first pass of the step, mean over the batch.
    private double LastOf(ReductionTrace trace, int encoder)
    {
        var reducible = retriever.Reducible.ReducibleEncoders[encoder];
        return trace.Of(reducible.Name).First(step => step.Layer == reducible.Blocks.Count - 1).TokensPerSample.Average();
    }

    // Share of images whose own caption is the nearest of the batch.
    private static Tensor Correct(ContrastiveFeatures features)
    {
        using var off = no_grad();
        var nearest = features.Image.MatMul(features.Text.t()).argmax(1);
        return nearest.eq(arange(nearest.shape[0], dtype: int64, device: nearest.device)).to(float32).mean();
    }

    private static string Submit(string path, RetrievalScores scores)
    {
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["scores_i2t"] = scores.ImageToText, ["scores_t2i"] = scores.TextToImage });
        return path;
    }

    private static IRetriever Given(IRetriever retriever)
    {
        ArgumentNullException.ThrowIfNull(retriever);
        return retriever;
    }

    private static ScoreMatrix Matrix(Tensor scores) => new((int)scores.shape[0], (int)scores.shape[1], scores.data<float>().ToArray());

    // Features [N, E] as bytes of each row, and back.
    private static byte[][] Bytes(Tensor features) => [.. MemoryMarshal.AsBytes<float>(features.to(float32).cpu().contiguous().data<float>().ToArray()).ToArray().Chunk((int)features.shape[1] * sizeof(float))];

    private static Tensor Rows(byte[][] rows) => tensor(MemoryMarshal.Cast<byte, float>(rows.SelectMany(row => row).ToArray()).ToArray(), [rows.Length, rows[0].Length / sizeof(float)]);

    /// <summary>An image and its captions in the joint space, as numbers of four bytes, and what its pairs cost in all.</summary>
    private sealed record PairAnswer(byte[] Image, byte[][] Captions, int ImageTokens, double Macs, double DenseMacs);

    /// <summary>How well an image fits the texts it was read with.</summary>
    private sealed record JudgedTexts(long[] Texts, byte[] Scores);
}
