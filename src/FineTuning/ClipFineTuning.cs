using Madtp.Kit.Compression;
using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Models.Clip;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.FineTuning;

/// <summary>CLIP retrieval on COCO or Flickr30k.</summary>
internal sealed class ClipFineTuning : PrunableFineTuningRun<ClipModel, ClipConfig>
{
    private readonly CaptionSplits splits;
    private readonly ClipConfig sizes;
    private readonly ClipText text;
    private CaptionedImages? train;
    private CaptionedImages? validation;

    public ClipFineTuning(FineTuningSettings settings) : base(settings, PrunableFamilies.Clip)
    {
        splits = new CaptionSplits(Files, settings.Dataset);
        sizes = CheckpointSizes.Clip(Checkpoint);
        text = ClipText.Open(sizes, Checkpoint, Files, settings.Vocabulary);
    }

    public override IEnumerable<string> Inputs => [.. splits.Paths, text.Path];

    protected override ClipConfig Sizes => sizes with
    {
        Vision = sizes.Vision with { ImageSize = Settings.ImageSize ?? sizes.Vision.ImageSize },
        Alignment = Alignment(sizes.Alignment),
        Contrastive = Contrastive,
    };

    protected override BudgetTask Begin(ClipModel model)
    {
        var encoding = new TextEncoding(text.Tokens, PaddingId: 0, CountsPadding ? sizes.Text.ContextLength : null);
        var images = Images(model.Config.Vision.ImageSize);
        return new RetrievalTask(
            new ClipRetriever(model),
            train ??= Owned(splits.Train(encoding, images, Examples)),
            validation ??= Owned(splits.Validation(encoding, images, Settings.Recipe.WatchedExamples)),
            RetrievalSettings(),
            Settings.Method);
    }
}
