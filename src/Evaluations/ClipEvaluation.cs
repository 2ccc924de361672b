using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Clip;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>CLIP on captioned images: ranked by similarity alone.</summary>
internal sealed class ClipEvaluation : PairEvaluation
{
    private readonly ClipModel model;
    private readonly ClipText text;

    public ClipEvaluation(EvaluationSettings settings) : base(settings)
    {
        var sizes = CheckpointSizes.Clip(Checkpoint);
        text = ClipText.Open(sizes, Checkpoint, Files, settings.Vocabulary);
        model = CompressedWeights.Load(PrunableFamilies.Clip, Checkpoint, sizes with { Vision = sizes.Vision with { ImageSize = settings.ImageSize ?? sizes.Vision.ImageSize } });
        Costs = new ClipPairCosts(model.Config);
    }

    protected override string Name => "clip";

    protected override nn.Module Model => model;

    protected override IReducibleModel Reducible => model;

    protected override int ImageSize => model.Config.Vision.ImageSize;

    protected override IEnumerable<string> Inputs => [Annotations, text.Path];

    protected override IPairCosts Costs { get; }

    public override void Dispose()
    {
        base.Dispose();
        model.Dispose();
    }

    // A reduction that counts padding as tokens gets as much as the released code, which pads every text to the longest there may be.
    protected override TextTensors Texts(IEnumerable<string> captions, TokenReduction? reduction) =>
        TextTensors.Of([.. captions.Select(text.Tokens)], paddingId: 0, Settings.Device, reduction?.Policy.ExcludePadding == false ? model.Config.Text.ContextLength : null);

    protected override PairFeatures Encode(Tensor images, TextTensors texts, int[] imageOfText, bool isTraced)
    {
        var (image, words) = (model.EncodeImages(images), model.EncodeTexts(texts.Ids));
        return new PairFeatures(ContrastiveFeatures.Unit(image.Feature), ContrastiveFeatures.Unit(words.Feature), image.Tokens.TokensPerSample());
    }

    protected override RetrievalScores Rank(IReadOnlyList<PairAnswer> answers) => RetrievalScores.Of(Similarity(answers));
}
