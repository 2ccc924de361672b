using Madtp.Kit.Cost;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Clip;

namespace Madtp.Kit.Compression;

/// <summary>The kinds of model that can be compressed: all five of the paper. Each is counted as its budget is for token reduction.</summary>
public static class PrunableFamilies
{
    /// <summary>BLIP NLVR2: two images with a statement.</summary>
    public static PrunableFamily<BlipNlvr, BlipConfig> Nlvr { get; } = new(
        sizes => new BlipNlvr(sizes),
        (sizes, tokens) => MacLedger.For(BlipCosts.Nlvr(sizes, tokens)).Total(Accounting.Paper));

    /// <summary>CLIP: an image and a text at inference.</summary>
    public static PrunableFamily<ClipModel, ClipConfig> Clip { get; } = new(
        sizes => new ClipModel(sizes),
        (sizes, tokens) => new ClipPairCosts(sizes).Whole(tokens));

    /// <summary>BLIP retrieval: an image and a text, encoded and read together.</summary>
    public static PrunableFamily<BlipRetrieval, BlipConfig> Retrieval { get; } = new(
        sizes => new BlipRetrieval(sizes),
        (sizes, tokens) => new RetrievalPairCosts(sizes).Whole(tokens));

    /// <summary>BLIP captioning: an image with its caption read once.</summary>
    public static PrunableFamily<BlipCaptioner, BlipConfig> Caption { get; } = new(
        sizes => new BlipCaptioner(sizes),
        (sizes, tokens) => new CaptionCosts(sizes).Whole(tokens));

    /// <summary>BLIP VQA: an image with a question and one answer.</summary>
    public static PrunableFamily<BlipVqa, BlipConfig> Vqa { get; } = new(
        sizes => new BlipVqa(sizes),
        (sizes, tokens) => new VqaCosts(sizes).Whole(tokens));
}
