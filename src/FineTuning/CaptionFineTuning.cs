using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Training;

namespace Madtp.Kit.FineTuning;

/// <summary>BLIP captioning on COCO. While training, captions are compared word by word as the tokenizer writes them; the final score reads them as written.</summary>
internal sealed class CaptionFineTuning : FineTuningRun
{
    private readonly CaptionSplits splits;
    private readonly BlipConfig sizes;
    private readonly BlipTexts texts;

    public CaptionFineTuning(FineTuningSettings settings) : base(settings)
    {
        if (settings.Dataset != "coco")
        {
            throw new ArgumentException($"captioning is trained on coco, not on '{settings.Dataset}'", nameof(settings));
        }

        splits = new CaptionSplits(Files, settings.Dataset);
        sizes = CheckpointSizes.Blip(Checkpoint);
        texts = BlipTexts.Open(sizes, Checkpoint, Files, settings.Vocabulary);
    }

    public override IEnumerable<string> Inputs => [.. splits.Paths, texts.Path];

    protected override BudgetTask Begin()
    {
        var model = Filled(() => new BlipCaptioner(Trained(sizes)));
        var encoding = new TextEncoding(texts.WrittenCaption, texts.Tokenizer.PaddingId);
        var images = Images(model.Config.Vision.ImageSize);
        return new CaptionTask(
            model,
            Owned(splits.Train(encoding, images, Examples)),
            Owned(splits.Validation(encoding, images, Settings.Recipe.WatchedExamples)),
            new CaptionLanguage(texts.Prompt, texts.Generation, texts.Words),
            Budget,
            Settings.Method);
    }
}
