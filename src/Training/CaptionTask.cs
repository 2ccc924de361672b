using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Batching;
using Madtp.Kit.Data.Retrieval;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Text;
using Madtp.Kit.Madtp;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Trains BLIP to caption images. An example is a caption with its image. The text has no aligned feature, so that the alignment loss has no part.</summary>
public sealed class CaptionTask : BudgetTask
{
    private readonly BlipCaptioner model;
    private readonly ICaptionedImages train;
    private readonly ICaptionedImages validation;
    private readonly CaptionLanguage language;
    private readonly BudgetSettings settings;
    private readonly PatchHead? patchHead;
    private readonly Device device;

    /// <summary>Attaches the method to the model; dispose to detach it.</summary>
    /// <param name="model">The model, alignment guidance included, on the device that it is to be trained on.</param>
    /// <param name="train">Captioned images to train on.</param>
    /// <param name="validation">Captioned images to watch.</param>
    /// <param name="language">How captions are written.</param>
    /// <param name="settings">What is trained.</param>
    /// <param name="method">How tokens are reduced; MADTP if null.</param>
    /// <param name="patchClasses">Classes of patches, where their loss has a weight.</param>
    public CaptionTask(BlipCaptioner model, ICaptionedImages train, ICaptionedImages validation, CaptionLanguage language, BudgetSettings settings, PruningMethod? method = null, int patchClasses = 0)
        : base(model, settings, method)
    {
        ArgumentNullException.ThrowIfNull(model);
        (this.model, this.train, this.validation, this.language, this.settings) = (model, train, validation, language, settings);
        device = Placement.DeviceOf(model);
        patchHead = settings.PatchWeight > 0 ? new PatchHead(model.Config.Vision.Width, patchClasses).to(device) : null;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, nn.Module Module)> Modules => patchHead is null ? [("model", model)] : [("model", model), ("patch_head", patchHead)];

    /// <inheritdoc/>
    public override int Examples => train.Captions;

    /// <inheritdoc/>
    public override int TextLength(int example) => train.TextLength(example);

    /// <inheritdoc/>
    public override void Foresee(IEnumerable<PlannedBatch> plan) => train.Foresee(plan);

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var captions = examples.ToArray();
        int[] images = [.. captions.Select(caption => train.ImageOfCaption[caption])];
        var (ids, mask) = train.Texts(captions, device);
        using var trace = Active?.Record();
        var output = model.Forward(train.TrainingPixels(Epoch, examples, device), ids, mask, language.Prompt.Count);
        return new StepLosses(output.Loss, WordsRight(output.Logits, LanguageModelLoss.Targets(ids, model.Config.Text.PaddingId, language.Prompt.Count)))
        {
            Auxiliary = patchHead is null ? null : patchHead.Loss(output.Vision.X, train.PatchClasses(images, device)!) * settings.PatchWeight,
            ImageTokens = LastOf(trace, "visual_encoder"),
            Macs = trace is null ? null : new CaptionCosts(model.Config).PerPair(trace, [.. captions.Select(train.TextLength)]).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Evaluate(validation, "validation");

    /// <summary>Scores the model as it is now, reduced where the task has a budget.</summary>
    public Evaluation Evaluate(ICaptionedImages split, string name, bool shuffle = false) =>
        WithoutFeatures(() => CaptionEvaluator.Evaluate(model, split, name, language, Active, shuffle));

    /// <inheritdoc/>
    protected override (double Macs, double Dense) Cost(int[] examples, TokenReduction? reduction) => CaptionEvaluator.Cost(model, train, examples, reduction);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => patchHead?.Dispose();
}
