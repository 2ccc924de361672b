using static TorchSharp.torch;

namespace Madtp.Kit.Models.Contrastive;

/// <summary>
/// Features of earlier batches that serve as further negatives. The tensors are buffers of the model, written in place;
/// <see cref="Pointer"/> tells where the next batch goes, around in a ring.
/// </summary>
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

    /// <summary>
    /// Writes a batch over the oldest features.
    /// </summary>
    /// <param name="features">What to keep, each <c>[B, E]</c>.</param>
    /// <param name="ids">Image ids, <c>[B]</c> int64.</param>
    /// <exception cref="ArgumentException">The batch is larger than the queue.</exception>
    public void Enqueue(ContrastiveFeatures features, Tensor ids)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var batch = ids.shape[0];
        if (batch > Size)
        {
            throw new ArgumentException($"a batch of {batch} does not fit a queue of {Size} features", nameof(ids));
        }

        var places = (arange(batch, dtype: int64, device: ids.device) + Pointer).remainder(Size); // [B]
        Image.index_copy_(1, places, features.Image.detach().to(Image.dtype).t());
        Text.index_copy_(1, places, features.Text.detach().to(Text.dtype).t());
        Index.index_copy_(1, places, ids.unsqueeze(0));
        Pointer.copy_((Pointer + batch).remainder(Size));
    }
}
