using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Batching;
using Madtp.Kit.Data.Nlvr2;
using Madtp.Kit.Data.Vqa;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Text;
using Madtp.Kit.Madtp;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Trains BLIP to answer questions about images. An example is a question with its image and all its answers.</summary>
public sealed class VqaTask : BudgetTask
{
    private readonly BlipVqa model;
    private readonly IQuestionedImages train;
    private readonly IQuestionedImages validation;
    private readonly AnswerVocabulary answers;
    private readonly BudgetSettings settings;
    private readonly PatchHead? patchHead;
    private readonly WordHead? wordHead;
    private readonly Device device;

    /// <summary>Attaches the method to the model; dispose to detach it.</summary>
    /// <param name="model">The model, alignment guidance included, on the device that it is to be trained on.</param>
    /// <param name="train">Questions to train on.</param>
    /// <param name="validation">Questions to watch.</param>
    /// <param name="answers">What is chosen among where the model is scored.</param>
    /// <param name="settings">What is trained.</param>
    /// <param name="method">How tokens are reduced; MADTP if null.</param>
    /// <param name="patchClasses">Classes of patches, where their loss has a weight.</param>
    public VqaTask(BlipVqa model, IQuestionedImages train, IQuestionedImages validation, AnswerVocabulary answers, BudgetSettings settings, PruningMethod? method = null, int patchClasses = 0)
        : base(model, settings, method)
    {
        ArgumentNullException.ThrowIfNull(model);
        (this.model, this.train, this.validation, this.answers, this.settings) = (model, train, validation, answers, settings);
        device = Placement.DeviceOf(model);
        patchHead = settings.PatchWeight > 0 ? new PatchHead(model.Config.Vision.Width, patchClasses).to(device) : null;
        wordHead = settings.WordWeight > 0 ? new WordHead(model.Config.Text.Width, largest: 3).to(device) : null;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, nn.Module Module)> Modules =>
        [.. new (string, nn.Module?)[] { ("model", model), ("patch_head", patchHead), ("word_head", wordHead) }.Where(m => m.Item2 is not null).Select(m => (m.Item1, m.Item2!))];

    /// <inheritdoc/>
    public override int Examples => train.Count;

    /// <inheritdoc/>
    public override int TextLength(int example) => train.TextLength(example);

    /// <inheritdoc/>
    public override void Foresee(IEnumerable<PlannedBatch> plan) => train.Foresee(plan);

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var questions = examples.ToArray();
        var (images, ids, mask) = train.TrainingBatch(Epoch, examples, device);
        var (answerIds, answerMask, weights, questionOf) = train.Answers(questions, device);
        using var trace = Active?.Record();
        var output = model.Forward(images, ids, mask, new VqaAnswers(answerIds, answerMask, weights, questionOf));
        return new StepLosses(output.Loss, WordsRight(output.Logits, LanguageModelLoss.Targets(answerIds, model.Config.Text.PaddingId)))
        {
            Alignment = output.AlignmentLoss,
            Auxiliary = Auxiliary(output.Encoding, questions),
            ImageTokens = LastOf(trace, "visual_encoder"),
            TextTokens = LastOf(trace, "text_encoder"),
            Macs = trace is null ? null : new VqaCosts(model.Config).PerPair(trace, [.. questions.Select(train.TextLength)]).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Evaluate(validation, "validation");

    /// <summary>Scores the model as it is now, reduced where the task has a budget.</summary>
    public Evaluation Evaluate(IQuestionedImages split, string name, bool shuffle = false) =>
        WithoutFeatures(() => VqaEvaluator.Evaluate(model, split, name, answers, Active, shuffle));

    /// <inheritdoc/>
    protected override (double Macs, double Dense) Cost(int[] examples, TokenReduction? reduction) => VqaEvaluator.Cost(model, train, examples, reduction);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        patchHead?.Dispose();
        wordHead?.Dispose();
    }

    private Tensor? Auxiliary(VqaEncoding encoding, int[] questions)
    {
        var patches = patchHead is null ? null : patchHead.Loss(encoding.Vision.X, train.PatchClasses(questions, device)!) * settings.PatchWeight;
        var words = wordHead is null ? null : wordHead.Loss(encoding.Question.X, train.NamedCounts(questions, NlvrPairs.Unnamed, device)!) * settings.WordWeight;
        return patches is null ? words : words is null ? patches : patches + words;
    }
}
