using Madtp.Kit.Data.Batching;
using Madtp.Kit.Metrics;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Vqa;

/// <summary>
/// Questions on disk, VQA v2's and Visual Genome's: images are decoded when they are asked for, questions and answers read and
/// encoded likewise, so that none takes memory.
/// </summary>
public sealed class QuestionFiles : IQuestionedImages
{
    private readonly IReadOnlyList<VqaExample> questions;
    private readonly TextEncoding question;
    private readonly TextEncoding answer;
    private readonly TrainingImages<VqaExample> images;

    /// <summary>A split over questions, all of them or the first.</summary>
    /// <param name="questions">The questions; disposed with the split where they can be.</param>
    /// <param name="question">How questions become tokens, [ENC] first.</param>
    /// <param name="answer">How answers become tokens, [DEC] first and [SEP] last.</param>
    /// <param name="settings">How images are prepared.</param>
    /// <param name="count">How many of the questions there shall be, the first; all if null.</param>
    public QuestionFiles(IReadOnlyList<VqaExample> questions, TextEncoding question, TextEncoding answer, TrainingImageSettings settings, int? count = null)
    {
        ArgumentNullException.ThrowIfNull(questions);
        ArgumentNullException.ThrowIfNull(settings);
        (this.questions, this.question, this.answer) = (questions, question, answer);
        images = new TrainingImages<VqaExample>(questions, one => [one.ImagePath], settings);
        Count = Math.Min(count ?? questions.Count, questions.Count);
        Truth = new QuestionTruth(questions, Count);
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public IReadOnlyList<VqaQuestion> Truth { get; }

    /// <inheritdoc/>
    public int TextLength(int question) => Tokens(question).Length;

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    public (Tensor Images, Tensor Ids, Tensor Mask) Batch(IReadOnlyList<int> questions, bool shuffle = false, Device? device = null)
    {
        var (ids, mask) = Texts(questions, device);
        return (images.Plain(shuffle ? Others(questions) : [.. questions], device), ids, mask);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    public (Tensor Images, Tensor Ids, Tensor Mask) TrainingBatch(int epoch, ReadOnlySpan<int> questions, Device? device = null)
    {
        var (ids, mask) = Texts(questions.ToArray(), device);
        return (images.Augmented(epoch, questions, device), ids, mask);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">A question has no answers to learn.</exception>
    public (Tensor Ids, Tensor Mask, Tensor Weights, Tensor QuestionOf) Answers(IReadOnlyList<int> questions, Device? device = null) =>
        AnswerTensors.Of([.. questions.Select(Weighted)], answer.PaddingId, device);

    /// <summary>Null: what a photograph's patches show is not known.</summary>
    public Tensor? PatchClasses(IReadOnlyList<int> questions, Device? device = null) => null;

    /// <summary>Null: how many of a thing a photograph shows is not known.</summary>
    public Tensor? NamedCounts(IReadOnlyList<int> questions, sbyte unnamed, Device? device = null) => null;

    /// <inheritdoc/>
    public void Foresee(IEnumerable<PlannedBatch> plan) => images.Foresee(plan);

    /// <inheritdoc/>
    public void Dispose()
    {
        images.Dispose();
        (questions as IDisposable)?.Dispose();
    }

    private (Tensor Ids, Tensor Mask) Texts(IReadOnlyList<int> some, Device? device) => question.Batch([.. some.Select(Tokens)], device);

    private int[] Tokens(int number) => question.Tokens(questions[number].Question);

    private IReadOnlyList<(int[] Ids, float Weight)> Weighted(int number) => questions[number] is { Answers.Count: > 0 } example
        ? [.. example.Answers.Select(one => (answer.Tokens(one.Text), one.Weight))]
        : throw new InvalidDataException($"question {questions[number].QuestionId} ('{questions[number].Question}') has no answers to learn; a test split cannot be trained on");

    private int[] Others(IReadOnlyList<int> some)
    {
        var other = Derangement.Of(Count);
        return [.. some.Select(number => other[number])];
    }
}
