using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Clip;
using Madtp.Kit.Training;

namespace Madtp.Kit.FineTuning;

/// <summary>CLIP retrieval on COCO or Flickr30k.</summary>
internal sealed class ClipFineTuning : FineTuningRun
{
    private readonly CaptionSplits splits;
    private readonly ClipConfig sizes;
    private readonly ClipText text;

    public ClipFineTuning(FineTuningSettings settings) : base(settings)
    {
        splits = new CaptionSplits(Files, settings.Dataset);
        sizes = CheckpointSizes.Clip(Checkpoint);
        text = ClipText.Open(sizes, Checkpoint, Files, settings.Vocabulary);
    }

    public override IEnumerable<string> Inputs => [.. splits.Paths, text.Path];

    protected override BudgetTask Begin()
    {
        var model = Filled(() => new ClipModel(sizes with
        {
            Vision = sizes.Vision with { ImageSize = Settings.ImageSize ?? sizes.Vision.ImageSize },
            Alignment = Alignment(sizes.Alignment),
            Contrastive = Contrastive,
        }));
        var encoding = new TextEncoding(text.Tokens, PaddingId: 0, CountsPadding ? sizes.Text.ContextLength : null);
        var images = Images(model.Config.Vision.ImageSize);
        return new RetrievalTask(
            new ClipRetriever(model),
            Owned(splits.Train(encoding, images, Examples)),
            Owned(splits.Validation(encoding, images, Settings.Recipe.WatchedExamples)),
            RetrievalSettings(),
            Settings.Method);
    }
}
