using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Contrastive;

/// <summary>Image-text contrastive learning (ITC) with momentum distillation, as pure functions.</summary>
public static class ContrastiveLoss
{
    /// <summary>
    /// Cross-entropy of each image against all texts and of each text against all images, averaged. The targets are a mix
    /// of the true pairs and of what the momentum copies find similar.
    /// </summary>
    /// <param name="online">Features that learn, each <c>[B, E]</c>.</param>
    /// <param name="momentum">Features of the momentum copies, each <c>[B, E]</c>.</param>
    /// <param name="queues">Features of earlier batches.</param>
    /// <param name="ids">Image ids, <c>[B]</c> int64; captions of one image share its id and count as pairs.</param>
    /// <param name="scale">What similarities are multiplied with, a scalar: exp(logit_scale), or 1 over the temperature.</param>
    /// <param name="distillation">Weight of the momentum copies in the targets, 0 to 1.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Evaluate(ContrastiveFeatures online, ContrastiveFeatures momentum, FeatureQueues queues, Tensor ids, Tensor scale, double distillation)
    {
        var images = cat([momentum.Image.t(), queues.Image], 1).detach(); // [E, B + Q]
        var texts = cat([momentum.Text.t(), queues.Text], 1).detach(); // [E, B + Q]
        var pairs = Pairs(ids, queues.Index).to(images.dtype);
        var imageTargets = Targets(momentum.Image, texts, pairs, scale, distillation);
        var textTargets = Targets(momentum.Text, images, pairs, scale, distillation);
        var imageLoss = CrossEntropy(online.Image.MatMul(texts) * scale, imageTargets);
        var textLoss = CrossEntropy(online.Text.MatMul(images) * scale, textTargets);
        return (imageLoss + textLoss) / 2;
    }

    /// <summary>True pairs as probabilities: equal shares among the columns with a row's id. <c>[B]</c> and <c>[1, Q]</c> to <c>[B, B + Q]</c>.</summary>
    public static Tensor Pairs(Tensor ids, Tensor queued)
    {
        var column = ids.view(-1, 1);
        var same = column.eq(cat([column.t(), queued], 1)).to(float32);
        return same / same.sum(1, keepdim: true);
    }

    private static Tensor Targets(Tensor feature, Tensor candidates, Tensor pairs, Tensor scale, double distillation)
    {
        if (distillation == 0)
        {
            return pairs;
        }

        using var off = no_grad();
        return ((feature.MatMul(candidates) * scale).softmax(1) * distillation) + (pairs * (1 - distillation));
    }

    private static Tensor CrossEntropy(Tensor logits, Tensor targets) => -(logits.log_softmax(1) * targets).sum(1).mean();
}
