using Madtp.Kit.Compression;
using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.FineTuning;

/// <summary>BLIP retrieval on COCO or Flickr30k.</summary>
internal sealed class RetrievalFineTuning : PrunableFineTuningRun<BlipRetrieval, BlipConfig>
{
    private readonly CaptionSplits splits;
    private readonly BlipConfig sizes;
    private readonly BlipTexts texts;
    private CaptionedImages? train;
    private CaptionedImages? validation;

    public RetrievalFineTuning(FineTuningSettings settings) : base(settings, PrunableFamilies.Retrieval)
    {
        splits = new CaptionSplits(Files, settings.Dataset);
        sizes = CheckpointSizes.Blip(Checkpoint);
        texts = BlipTexts.Open(sizes, Checkpoint, Files, settings.Vocabulary);
    }

    public override IEnumerable<string> Inputs => [.. splits.Paths, texts.Path];

    protected override BlipConfig Sizes => Trained(sizes) with { Contrastive = Contrastive };

    protected override BudgetTask Begin(BlipRetrieval model)
    {
        var encoding = new TextEncoding(texts.Caption, texts.Tokenizer.PaddingId, CountsPadding ? texts.Width : null);
        var images = Images(model.Config.Vision.ImageSize);
        return new RetrievalTask(
            new BlipRetriever(model, new RerankOptions { Candidates = Settings.Recipe.WatchedCandidates }),
            train ??= Owned(splits.Train(encoding, images, Examples)),
            validation ??= Owned(splits.Validation(encoding, images, Settings.Recipe.WatchedExamples)),
            RetrievalSettings(),
            Settings.Method);
    }
}
