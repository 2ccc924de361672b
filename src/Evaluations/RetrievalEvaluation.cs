using System.Runtime.InteropServices;
using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Models.Text;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>
/// BLIP on captioned images: ranked by similarity, then the best candidates by reading each caption with its image. The second pass
/// encodes every image again instead of keeping the tokens of all of them, which COCO's 5,000 would need 9 GB for.
/// </summary>
internal sealed class RetrievalEvaluation : PairEvaluation
{
    private const int ReadAtOnce = 64;
    private const int FewImages = 1000;

    private readonly BlipRetrieval model;
    private readonly BlipTexts texts;

    public RetrievalEvaluation(EvaluationSettings settings) : base(settings)
    {
        var sizes = CheckpointSizes.Blip(Checkpoint);
        texts = BlipTexts.Open(sizes, Checkpoint, Files, settings.Vocabulary);
        model = CompressedWeights.Load(PrunableFamilies.Retrieval, Checkpoint, sizes with { Vision = sizes.Vision with { ImageSize = settings.ImageSize ?? sizes.Vision.ImageSize } });
        Costs = new RetrievalPairCosts(model.Config);
    }

    protected override string Name => "retrieval";

    protected override nn.Module Model => model;

    protected override IReducibleModel Reducible => model;

    protected override int ImageSize => model.Config.Vision.ImageSize;

    protected override IEnumerable<string> Inputs => [Annotations, texts.Path];

    protected override IPairCosts Costs { get; }

    private int Candidates => Settings.Candidates ?? (Examples.Count < FewImages ? 16 : Settings.Dataset == "coco" ? 256 : 128);

    public override void Dispose()
    {
        base.Dispose();
        model.Dispose();
    }

    protected override void Identify(RunIdentity identity)
    {
        base.Identify(identity);
        identity.Add("candidates", Candidates);
    }

    protected override TextTensors Texts(IEnumerable<string> captions, TokenReduction? reduction) =>
        Texts(captions, reduction?.Policy.ExcludePadding == false ? texts.Width : null);

    protected override PairFeatures Encode(Tensor images, TextTensors texts, int[] imageOfText, bool isTraced)
    {
        var (image, words) = (model.EncodeImages(images), model.EncodeTexts(texts.Ids, texts.Mask));
        if (isTraced)
        {
            var of = tensor(imageOfText.Select(i => (long)i).ToArray(), device: Settings.Device);
            model.Match(new ImageContext(image.Tokens.X.index_select(0, of), image.Tokens.Mask?.index_select(0, of)), texts.Ids, texts.Mask);
        }

        return new PairFeatures(image.Feature, words.Feature, image.Tokens.TokensPerSample());
    }

    protected override RetrievalScores Rank(IReadOnlyList<PairAnswer> answers)
    {
        using var scope = NewDisposeScope();
        var similarity = Similarity(answers);
        var pairs = CandidatePairs.Of(similarity, Candidates);
        var all = Texts(Examples.SelectMany(example => example.Captions), texts.Width);
        var judge = new PairJudge(model, all.Ids, all.Mask, similarity, pairs, ReadAtOnce);
        var fill = ReferenceEquals(Method.Policy(1), ReductionPolicy.Released) ? answers.Max(answer => answer.ImageTokens) : 0;
        var judged = AnswerAll(Examples, "ranking", batch => Judge(batch, judge, fill), out _);
        var sheet = new ScoreSheet(pairs, Examples.Count, ImageOfCaption.Count);
        foreach (var (image, one) in judged.Index())
        {
            sheet.Write(image, one.Texts, MemoryMarshal.Cast<byte, float>(one.Scores).ToArray());
        }

        var scores = sheet.ToScores();
        return new RetrievalScores(scores.ImageToText.MoveToOuterDisposeScope(), scores.TextToImage.MoveToOuterDisposeScope());
    }

    private IReadOnlyList<JudgedTexts> Judge(ImageBatch<CaptionedImage> batch, PairJudge judge, int fill)
    {
        var tokens = model.EncodeImages(batch.ToTensor(Settings.Device)).Tokens;
        return [.. batch.Indices.Select((image, i) =>
        {
            using var scope = NewDisposeScope();
            var all = tokens.X[i]; // [S, D]
            var own = tokens.Mask is { } mask ? all.index_select(0, mask[i].nonzero().squeeze(1)) : all;
            var (met, scores) = judge.Judge(image, PairJudge.Filled(own, fill));
            return new JudgedTexts(met, PairAnswer.Bytes(scores));
        })];
    }

    private TextTensors Texts(IEnumerable<string> captions, int? width) => TextTensors.Of(
        [.. captions.Select(texts.Caption)],
        texts.Tokenizer.PaddingId,
        Settings.Device,
        width);
}
