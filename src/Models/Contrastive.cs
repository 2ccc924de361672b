using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>What image-text contrastive training adds to a model: momentum copies and queues of their features. A model that only
/// answers needs none.</summary>
/// <param name="QueueSize">Features each queue holds.</param>
/// <param name="Momentum">Share of its own weights that a momentum copy keeps in each step.</param>
public sealed record ContrastiveConfig(int QueueSize = 57600, double Momentum = 0.995)
{
    /// <summary>The toy world's.</summary>
    public static ContrastiveConfig Toy { get; } = new() { QueueSize = 1024, Momentum = 0.99 };
}

/// <summary>What an encoder makes of a batch of images or texts.</summary>
/// <param name="Feature">Features in the joint space, <c>[B, E]</c>: BLIP's of length 1, CLIP's as they were projected.</param>
/// <param name="Tokens">Final tokens, <c>[B, N', D]</c>.</param>
public sealed record ContrastiveEncoding(Tensor Feature, TokenState Tokens);

/// <summary>A batch of images and texts in the joint space, each <c>[B, E]</c> of length 1.</summary>
public sealed record ContrastiveFeatures(Tensor Image, Tensor Text)
{
    /// <summary>Those of encodings <c>[B, E]</c>.</summary>
    public static ContrastiveFeatures Normalized(Tensor image, Tensor text) => new(Unit(image), Unit(text));

    /// <summary>Those of all ranks, each <c>[N·B, E]</c>.</summary>
    public ContrastiveFeatures Gathered() => new(Ranks.Gather(Image), Ranks.Gather(Text));

    /// <summary>Rows of <c>[B, E]</c> scaled to length 1.</summary>
    internal static Tensor Unit(Tensor feature) => nn.functional.normalize(feature, dim: -1);
}

/// <summary>Scores of a retrieval run, on the host; higher is closer. Pairs that were not candidates have −100.</summary>
/// <param name="ImageToText">How well each text fits an image, <c>[I, T]</c>.</param>
/// <param name="TextToImage">How well each image fits a text, <c>[T, I]</c>.</param>
public sealed record RetrievalScores(Tensor ImageToText, Tensor TextToImage)
{
    /// <summary>Score of a pair that was not a candidate.</summary>
    public const float NotRanked = -100;

    /// <summary>Scores of plain similarities <c>[I, T]</c>, the same both ways (CLIP).</summary>
    public static RetrievalScores Of(Tensor similarity) => new(similarity.cpu(), similarity.t().contiguous().cpu());
}

/// <summary>The losses of one training step of a retrieval model, scalars.</summary>
/// <param name="Contrastive">ITC, image against text in the joint space.</param>
/// <param name="Matching">ITM, does this text belong to this image; null in a model without it (CLIP).</param>
/// <param name="Aligned">Alignment features of the encoders that learn; null where nothing was aligned.</param>
/// <param name="MomentumAligned">Those of the momentum copies; null where nothing was aligned. They carry no gradient.</param>
/// <param name="Features">The batch as the encoders that learn see it.</param>
/// <param name="ImageTokens">Final image tokens of the encoder that learns, for losses on them.</param>
public sealed record RetrievalLosses(
    Tensor Contrastive, Tensor? Matching, AlignedFeatures? Aligned, AlignedFeatures? MomentumAligned,
    ContrastiveFeatures Features, TokenState ImageTokens)
{
    /// <summary>L_task, the sum of contrastive and matching loss.</summary>
    public Tensor Task => Matching is null ? Contrastive : Contrastive + Matching;
}

/// <summary>Image-text contrastive learning (ITC) with momentum distillation, as pure functions.</summary>
public static class ContrastiveLoss
{
    /// <summary>Cross-entropy of each image against all texts and of each text against all images, averaged. The targets are a
    /// mix of the true pairs and of what the momentum copies find similar.</summary>
    /// <param name="online">Features that learn; each rank's meet the copies of all ranks.</param>
    /// <param name="momentum">Features of the momentum copies.</param>
    /// <param name="ids">Image ids, <c>[B]</c> int64; captions of one image share its id and count as pairs.</param>
    /// <param name="scale">What similarities are multiplied with, a scalar: exp(logit_scale), or 1 over the temperature.</param>
    /// <param name="distillation">Weight of the momentum copies in the targets, 0 to 1.</param>
    public static Tensor Evaluate(
        ContrastiveFeatures online, ContrastiveFeatures momentum, FeatureQueues queues, Tensor ids, Tensor scale,
        double distillation)
    {
        var all = momentum.Gathered();
        var images = cat([all.Image.t(), queues.Image], 1).detach(); // [E, B + Q]
        var texts = cat([all.Text.t(), queues.Text], 1).detach(); // [E, B + Q]
        var pairs = Ranks.Own(Pairs(Ranks.Gather(ids), queues.Index)).to(images.dtype);
        var imageTargets = Targets(momentum.Image, texts, pairs, scale, distillation);
        var textTargets = Targets(momentum.Text, images, pairs, scale, distillation);
        var imageLoss = CrossEntropy(online.Image.MatMul(texts) * scale, imageTargets);
        var textLoss = CrossEntropy(online.Text.MatMul(images) * scale, textTargets);
        return (imageLoss + textLoss) / 2;
    }

    /// <summary>True pairs as probabilities: equal shares among the columns with a row's id. <c>[B]</c> and <c>[1, Q]</c> to
    /// <c>[B, B + Q]</c>.</summary>
    public static Tensor Pairs(Tensor ids, Tensor queued)
    {
        var column = ids.view(-1, 1);
        var same = column.eq(cat([column.t(), queued], 1)).to(float32);
        return same / same.sum(1, keepdim: true);
    }

    private static Tensor Targets(Tensor feature, Tensor candidates, Tensor pairs, Tensor scale, double distillation)
    {
        if (distillation == 0)
            return pairs;

        using var off = no_grad();
        return ((feature.MatMul(candidates) * scale).softmax(1) * distillation) + (pairs * (1 - distillation));
    }

    private static Tensor CrossEntropy(Tensor logits, Tensor targets) => -(logits.log_softmax(1) * targets).sum(1).mean();
}

/// <summary>Features of earlier batches that serve as further negatives. The tensors are buffers of the model, written in place;
/// <see cref="Pointer"/> tells where the next batch goes, around in a ring.</summary>
/// <param name="Image">Image features, <c>[E, Q]</c>.</param>
/// <param name="Text">Text features, <c>[E, Q]</c>.</param>
/// <param name="Index">Ids of the images they belong to, <c>[1, Q]</c> int64; −100 where the queue is not filled yet.</param>
/// <param name="Pointer">Next place to write, <c>[1]</c> int64.</param>
public sealed record FeatureQueues(Tensor Image, Tensor Text, Tensor Index, Tensor Pointer)
{
    /// <summary>Q.</summary>
    public long Size => Index.shape[1];

    /// <summary>Fresh queues of random unit features that belong to no image.</summary>
    public static FeatureQueues Create(int width, int size) => new(
        nn.functional.normalize(randn(width, size), dim: 0),
        nn.functional.normalize(randn(width, size), dim: 0),
        full([1, size], -100, dtype: int64),
        zeros([1], dtype: int64));

    /// <summary>Writes a batch, all ranks' parts of it, over the oldest features.</summary>
    /// <exception cref="ArgumentException">The batch is larger than the queue.</exception>
    public void Enqueue(ContrastiveFeatures features, Tensor ids)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        (features, ids) = (features.Gathered(), Ranks.Gather(ids));
        var batch = ids.shape[0];
        Guard.Argument(batch <= Size, $"a batch of {batch} does not fit a queue of {Size} features", nameof(ids));
        var places = (arange(batch, dtype: int64, device: ids.device) + Pointer).remainder(Size); // [B]
        Image.index_copy_(1, places, features.Image.detach().to(Image.dtype).t());
        Text.index_copy_(1, places, features.Text.detach().to(Text.dtype).t());
        Index.index_copy_(1, places, ids.unsqueeze(0));
        Pointer.copy_((Pointer + batch).remainder(Size));
    }
}

/// <summary>A model that learns to compare images and texts: beside what learns it may have slow copies of it (names that end in
/// <c>_m</c>), which move a little in each step and never have gradients, and queues of their features.</summary>
public abstract class ContrastiveModel(string name) : nn.Module(name)
{
    private protected Tensor? image_queue;
    private protected Tensor? text_queue;
    private protected Tensor? idx_queue;
    private protected Tensor? ptr_queue;

    /// <summary>The queues of training.</summary>
    /// <exception cref="InvalidOperationException">The model was built without training copies.</exception>
    public FeatureQueues Queues => image_queue is null
        ? throw new InvalidOperationException(
            $"this {name} was built without momentum copies and queues (its config's Contrastive is null): it cannot be trained")
        : new(image_queue, text_queue!, idx_queue!, ptr_queue!);

    /// <summary>Makes the momentum copies equal to what learns; for weights that came without copies.</summary>
    public void RestartCopies()
    {
        using var off = no_grad();
        foreach (var (online, copy) in Copies())
        {
            copy.copy_(online);
            copy.requires_grad = false;
        }
    }

    /// <summary>The name of a tensor's copy: <c>visual.proj</c> has <c>visual_m.proj</c>.</summary>
    public static string CopyOf(string original)
    {
        var root = original.Split('.')[0];
        return $"{root}_m{original[root.Length..]}";
    }

    /// <summary>Whether a tensor is one of a momentum copy.</summary>
    public static bool IsOfCopy(string name) => name.Split('.')[0].EndsWith("_m", StringComparison.Ordinal);

    /// <summary>Whether a tensor is only needed in training: momentum copies and queues.</summary>
    public static bool IsForTraining(string name) =>
        IsOfCopy(name) || name.Split('.')[0].EndsWith("_queue", StringComparison.Ordinal);

    // copy ← momentum · copy + (1 − momentum) · original
    private protected void MoveCopies(double momentum)
    {
        using var off = no_grad();
        foreach (var (online, copy) in Copies())
            copy.mul_(momentum).add_(online, 1 - momentum);
    }

    private protected static void Limit(Parameter temperature, TorchSharp.Scalar? least, TorchSharp.Scalar most)
    {
        using var off = no_grad();
        temperature.clamp_(least, most);
    }

    private protected void CreateQueues(int width, int size) =>
        (image_queue, text_queue, idx_queue, ptr_queue) = FeatureQueues.Create(width, size);

    // What learns beside its copy; none in a model that only answers.
    private IEnumerable<(Parameter Online, Parameter Copy)> Copies()
    {
        var all = named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter);
        return from entry in all
               let copy = all.GetValueOrDefault(CopyOf(entry.Key))
               where copy is not null
               select (entry.Value, copy);
    }

    private protected static void CheckPairs(Tensor images, Tensor ids, Tensor imageIds)
    {
        var count = ids.shape[0];
        Guard.Argument(images.shape[0] == count && imageIds.shape.AsSpan().SequenceEqual([count]),
            $"{images.shape[0]} images, {count} texts and image ids [{string.Join(", ", imageIds.shape)}] are not pairs",
            nameof(ids));
    }
}
