using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Batching;
using Madtp.Kit.Data.Captions;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Decoding;
using Madtp.Kit.Pruning;
using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>BLIP captioning on COCO in Karpathy's splits: what does the image show?</summary>
internal sealed class CaptionEvaluation : EvaluationTask<CaptionedImage, CaptionAnswer>
{
    // The toy world's captions name every shape, and so are longer than what people write.
    private const int ToyPositions = 64;
    private static readonly GenerationSettings Toy = new() { MaxLength = 28, MinLength = 8 };

    private readonly BlipCaptioner model;
    private readonly BertWordPiece tokenizer;
    private readonly CaptionCosts costs;
    private readonly string annotations;
    private readonly string? truth;
    private readonly string vocabulary;
    private readonly int[] prompt;
    private readonly GenerationSettings generation;

    public CaptionEvaluation(EvaluationSettings settings) : base(settings)
    {
        annotations = Files.Require("coco", Names(Split));
        truth = Files.Find("coco", $"coco_karpathy_{Split}_gt.json");
        var sizes = CheckpointSizes.Blip(Checkpoint);
        vocabulary = Files.Vocabulary(settings.Vocabulary, "vocab.txt", "bert-base-uncased-vocab.txt");
        tokenizer = BertWordPiece.Load(vocabulary);
        BlipVocabulary.Require(tokenizer, vocabulary, sizes, Checkpoint);
        model = Filled(new BlipCaptioner(sizes with { Vision = sizes.Vision with { ImageSize = settings.ImageSize ?? sizes.Vision.ImageSize } }));
        costs = new CaptionCosts(model.Config);
        prompt = [tokenizer.DecoderId!.Value, .. tokenizer.Encode(BlipCaptioner.Prompt)];
        generation = (sizes.Text.MaxPositions < ToyPositions ? Toy : new GenerationSettings()) with { EndId = tokenizer.SeparatorId, PaddingId = tokenizer.PaddingId };
        Examples = First(PairEvaluation.Load(annotations, Split));
        if (Examples.FirstOrDefault(image => !long.TryParse(image.ImageId, NumberStyles.None, CultureInfo.InvariantCulture, out _)) is { } odd)
        {
            throw new InvalidDataException($"{annotations}: '{odd.ImagePath}' has no number, by which COCO's evaluation knows an image");
        }
    }

    protected override string Name => "caption";

    protected override string CostOf => "an image with its caption read once";

    protected override string Split => Settings.Split ?? "test";

    protected override nn.Module Model => model;

    protected override IReducibleModel Reducible => model;

    protected override int ImageSize => model.Config.Vision.ImageSize;

    protected override IEnumerable<string> Inputs => [annotations, vocabulary, .. truth is null ? [] : new[] { truth }];

    protected override IReadOnlyList<CaptionedImage> Examples { get; }

    protected override string SubmissionName => "captions.json";

    public override void Dispose()
    {
        base.Dispose();
        model.Dispose();
    }

    protected override void Identify(RunIdentity identity)
    {
        identity.Add("beams", generation.Beams);
        identity.Add("length", $"{generation.MinLength} to {generation.MaxLength} tokens");
    }

    protected override IReadOnlyList<string> ImagePaths(CaptionedImage example) => [example.ImagePath];

    protected override IReadOnlyList<CaptionedImage>? CalibrationExamples() =>
        Files.Find("coco", Names("train")) is { } path ? PairEvaluation.Load(path, "train") : null;

    protected override IReadOnlyList<CaptionAnswer> Answer(ImageBatch<CaptionedImage> batch, TokenReduction? reduction)
    {
        using var trace = reduction?.Record();
        var begin = tensor(prompt.Select(id => (long)id).ToArray(), device: Settings.Device);
        var ids = model.Generate(batch.ToTensor(Settings.Device), begin, generation).cpu(); // [B, N]
        var texts = ids.data<long>().ToArray().Chunk((int)ids.shape[1]).Select(UpToEnd).ToArray();
        int[] lengths = [.. texts.Select(text => text.Length)];
        long[] dense = [.. lengths.Select(costs.Dense)];
        var macs = trace is null ? dense : costs.PerPair(trace, lengths);
        return [.. batch.Examples.Select((example, i) => new CaptionAnswer(
            long.Parse(example.ImageId, CultureInfo.InvariantCulture), tokenizer.Decode(texts[i].Skip(prompt.Length)), macs[i], dense[i]))];
    }

    protected override void WriteSubmission(string path, IReadOnlyList<CaptionAnswer> answers) =>
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, answers.Select(answer => answer.ToSubmitted())));

    protected override IReadOnlyList<KeyValuePair<string, double>> Score(IReadOnlyList<CaptionAnswer> answers, string submission)
    {
        var captions = truth is null
            ? new CaptionSet([.. answers.Zip(Examples, (answer, example) => new TokenizedCaption(answer.ImageId, answer.Caption, example.Captions))])
            : CaptionSet.Read(submission, truth, subset: Settings.Limit is not null);
        var scores = CaptionMetrics.Compute(captions);
        return [.. scores.Bleu.Select((bleu, n) => new KeyValuePair<string, double>($"BLEU-{n + 1}", bleu)), new("ROUGE-L", scores.RougeL), new("CIDEr-D", scores.Cider)];
    }

    // The tokens of a caption, its [SEP] included where it has one.
    private int[] UpToEnd(long[] ids)
    {
        var end = Array.IndexOf(ids, generation.EndId);
        return [.. ids.Take(end < 0 ? ids.Length : end + 1).Select(id => (int)id)];
    }

    private static string[] Names(string split) => [$"coco_karpathy_{split}.json", "dataset_coco.json"];
}
