using Madtp.Kit.Compression;
using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.FineTuning;

/// <summary>BLIP captioning on COCO. While training, captions are compared word by word as the tokenizer writes them; the final score reads them as written.</summary>
internal sealed class CaptionFineTuning : PrunableFineTuningRun<BlipCaptioner, BlipConfig>
{
    private readonly CaptionSplits splits;
    private readonly BlipConfig sizes;
    private readonly BlipTexts texts;
    private CaptionedImages? train;
    private CaptionedImages? validation;

    public CaptionFineTuning(FineTuningSettings settings) : base(settings, PrunableFamilies.Caption)
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

    protected override BlipConfig Sizes => Trained(sizes);

    protected override BudgetTask Begin(BlipCaptioner model)
    {
        var encoding = new TextEncoding(texts.WrittenCaption, texts.Tokenizer.PaddingId);
        var images = Images(model.Config.Vision.ImageSize);
        return new CaptionTask(
            model,
            train ??= Owned(splits.Train(encoding, images, Examples)),
            validation ??= Owned(splits.Validation(encoding, images, Settings.Recipe.WatchedExamples)),
            new CaptionLanguage(texts.Prompt, texts.Generation, texts.Words),
            Budget,
            Settings.Method);
    }
}
