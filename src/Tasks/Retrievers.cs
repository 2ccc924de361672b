using Madtp.Kit.Cost;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Clip;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Models.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>Images and captions in the joint space, all of length 1.</summary>
/// <param name="Images">The images' features, <c>[B, E]</c>.</param>
/// <param name="Texts">The captions' features, <c>[T, E]</c>.</param>
/// <param name="ImageTokens">Tokens that leave the image encoder, of each image.</param>
public sealed record PairFeatures(Tensor Images, Tensor Texts, IReadOnlyList<int> ImageTokens);

/// <summary>A retrieval model as training and scoring see it, whichever it is.</summary>
public interface IRetriever
{
    /// <summary>The model.</summary>
    nn.Module Module { get; }

    /// <summary>The model as token reduction sees it.</summary>
    IReducibleModel Reducible { get; }

    /// <summary>Width of its final image tokens.</summary>
    int ImageWidth { get; }

    /// <summary>What its pairs cost.</summary>
    IPairCosts Costs { get; }

    /// <summary>One step of training on matching pairs; ids and mask are <c>[B, N]</c>.</summary>
    RetrievalLosses Step(Tensor images, Tensor ids, Tensor mask, Tensor imageIds, double distillation);

    /// <summary>Encodes images <c>[B, 3, H, W]</c> and captions <c>[T, N]</c>.</summary>
    /// <param name="images">The images.</param>
    /// <param name="ids">The captions.</param>
    /// <param name="mask">1 for their tokens, 0 for padding.</param>
    /// <param name="imageOfText">Each caption's place among the images.</param>
    /// <param name="isCounted">Whether everything else that answering takes is done too, for its cost.</param>
    PairFeatures Encode(Tensor images, Tensor ids, Tensor mask, int[] imageOfText, bool isCounted);
}

/// <summary>CLIP: ranks by similarity alone.</summary>
public sealed class ClipRetriever(ClipModel model) : IRetriever
{
    /// <inheritdoc/>
    public nn.Module Module => model;

    /// <inheritdoc/>
    public IReducibleModel Reducible => model;

    /// <inheritdoc/>
    public int ImageWidth => model.Config.Vision.Width;

    /// <inheritdoc/>
    public IPairCosts Costs { get; } = new ClipPairCosts(model.Config);

    /// <inheritdoc/>
    public RetrievalLosses Step(Tensor images, Tensor ids, Tensor mask, Tensor imageIds, double distillation) =>
        model.TrainingStep(images, ids, imageIds, distillation);

    /// <inheritdoc/>
    public PairFeatures Encode(Tensor images, Tensor ids, Tensor mask, int[] imageOfText, bool isCounted)
    {
        var (image, words) = (model.EncodeImages(images), model.EncodeTexts(ids));
        return new PairFeatures(ContrastiveFeatures.Unit(image.Feature), ContrastiveFeatures.Unit(words.Feature), image.Tokens.TokensPerSample());
    }
}

/// <summary>BLIP: ranks by similarity, then reads the best candidates.</summary>
public sealed class BlipRetriever(BlipRetrieval model) : IRetriever
{
    /// <inheritdoc/>
    public nn.Module Module => model;

    /// <inheritdoc/>
    public IReducibleModel Reducible => model;

    /// <inheritdoc/>
    public int ImageWidth => model.Config.Vision.Width;

    /// <inheritdoc/>
    public IPairCosts Costs { get; } = new RetrievalPairCosts(model.Config);

    /// <summary>The model.</summary>
    internal BlipRetrieval Model => model;

    /// <inheritdoc/>
    public RetrievalLosses Step(Tensor images, Tensor ids, Tensor mask, Tensor imageIds, double distillation) =>
        model.TrainingStep(images, ids, mask, imageIds, distillation);

    /// <inheritdoc/>
    public PairFeatures Encode(Tensor images, Tensor ids, Tensor mask, int[] imageOfText, bool isCounted)
    {
        var (image, words) = (model.EncodeImages(images), model.EncodeTexts(ids, mask));
        if (isCounted)
        {
            var of = tensor(imageOfText.Select(i => (long)i).ToArray(), device: images.device);
            model.Match(new ImageContext(image.Tokens.X.index_select(0, of), image.Tokens.Mask?.index_select(0, of)), ids, mask);
        }

        return new PairFeatures(image.Feature, words.Feature, image.Tokens.TokensPerSample());
    }
}
