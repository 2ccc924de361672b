using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>BLIP captioning on COCO in Karpathy's splits: what does the image show?</summary>
internal sealed class CaptionEvaluation : EvaluationTask<CaptionedImage, CaptionAnswer>
{
    private readonly BlipCaptioner model;
    private readonly BlipTexts texts;
    private readonly CaptionCosts costs;
    private readonly string annotations;
    private readonly string? truth;

    public CaptionEvaluation(EvaluationSettings settings) : base(settings)
    {
        annotations = Files.Require("coco", Names(Split));
        truth = Files.Find("coco", $"coco_karpathy_{Split}_gt.json");
        var sizes = CheckpointSizes.Blip(Checkpoint);
        texts = BlipTexts.Open(sizes, Checkpoint, Files, settings.Vocabulary);
        model = CompressedWeights.Load(PrunableFamilies.Caption, Checkpoint, sizes with { Vision = sizes.Vision with { ImageSize = settings.ImageSize ?? sizes.Vision.ImageSize } });
        costs = new CaptionCosts(model.Config);
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

    protected override IEnumerable<string> Inputs => [annotations, texts.Path, .. truth is null ? [] : new[] { truth }];

    protected override IReadOnlyList<CaptionedImage> Examples { get; }

    protected override string SubmissionName => "captions.json";

    public override void Dispose()
    {
        base.Dispose();
        model.Dispose();
    }

    protected override void Identify(RunIdentity identity)
    {
        identity.Add("beams", texts.Generation.Beams);
        identity.Add("length", $"{texts.Generation.MinLength} to {texts.Generation.MaxLength} tokens");
    }

    protected override IReadOnlyList<string> ImagePaths(CaptionedImage example) => [example.ImagePath];

    protected override IReadOnlyList<CaptionedImage>? CalibrationExamples() =>
        Files.Find("coco", Names("train")) is { } path ? PairEvaluation.Load(path, "train") : null;

    protected override IReadOnlyList<CaptionAnswer> Answer(ImageBatch<CaptionedImage> batch, TokenReduction? reduction)
    {
        using var trace = reduction?.Record();
        var begin = tensor(texts.Prompt.Select(id => (long)id).ToArray(), device: Settings.Device);
        var ids = model.Generate(batch.ToTensor(Settings.Device), begin, texts.Generation).cpu(); // [B, N]
        var written = ids.data<long>().ToArray().Chunk((int)ids.shape[1]).Select(UpToEnd).ToArray();
        int[] lengths = [.. written.Select(caption => caption.Length)];
        long[] dense = [.. lengths.Select(costs.Dense)];
        var macs = trace is null ? [.. lengths.Select(costs.Whole)] : costs.PerPair(trace, lengths);
        return [.. batch.Examples.Select((example, i) => new CaptionAnswer(
            long.Parse(example.ImageId, CultureInfo.InvariantCulture), texts.Tokenizer.Decode(written[i].Skip(texts.Prompt.Count)), macs[i], dense[i]))];
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
        var end = Array.IndexOf(ids, texts.Generation.EndId);
        return [.. ids.Take(end < 0 ? ids.Length : end + 1).Select(id => (int)id)];
    }

    private static string[] Names(string split) => [$"coco_karpathy_{split}.json", "dataset_coco.json"];
}
