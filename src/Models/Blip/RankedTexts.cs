using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>The texts of an index, from which any few are taken as a batch no wider than they need.</summary>
internal sealed class RankedTexts
{
    private readonly Tensor ids;
    private readonly Tensor mask;
    private readonly long[] lengths;
    private readonly bool keepsPadding;

    /// <summary>Holds ids and masks, each <c>[T, N]</c>; a reduction that counts padding as tokens must get it (<paramref name="keepsPadding"/>).</summary>
    public RankedTexts(Tensor ids, Tensor mask, bool keepsPadding)
    {
        (this.ids, this.mask, this.keepsPadding) = (ids, mask, keepsPadding);
        lengths = mask.to(int64).sum(1).cpu().data<long>().ToArray();
    }

    /// <summary>Texts in batches of similar length.</summary>
    public IEnumerable<long[]> Batches(IEnumerable<long> texts, int size) => texts.OrderBy(text => lengths[text]).ThenBy(text => text).Chunk(size);

    /// <summary>Ids and masks of some texts; trailing padding that none of them needs is left out, which changes no score.</summary>
    public (Tensor Ids, Tensor Mask) Take(long[] texts)
    {
        var rows = tensor(texts, device: ids.device);
        var width = keepsPadding ? ids.shape[1] : texts.Max(text => lengths[text]);
        return (ids.index_select(0, rows).slice(1, 0, width, 1), mask.index_select(0, rows).slice(1, 0, width, 1));
    }
}
