using System.Collections;
using Madtp.Kit.Metrics;
using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>
/// A split of questions about images as models read them, decoded in memory (<see cref="QuestionedImages"/>) or on disk
/// (<see cref="QuestionFiles"/>). An example is a question.
/// </summary>
public interface IQuestionedImages : IDisposable
{
    /// <summary>How many questions there are.</summary>
    int Count { get; }

    /// <summary>The questions as they are scored: with people's answers, types and numbers.</summary>
    IReadOnlyList<VqaQuestion> Truth { get; }

    /// <summary>Tokens of one question, padding left out.</summary>
    int TextLength(int question);

    /// <summary>
    /// Some questions with their images as they are.
    /// </summary>
    /// <param name="questions">Their numbers.</param>
    /// <param name="shuffle">Gives every question another question's image, to show that it is needed.</param>
    /// <param name="device">Where the tensors shall be; the processor where null.</param>
    /// <returns>Images <c>[B, 3, H, W]</c>, ids and mask <c>[B, N]</c>.</returns>
    (Tensor Images, Tensor Ids, Tensor Mask) Batch(IReadOnlyList<int> questions, bool shuffle = false, Device? device = null);

    /// <summary>The same as training sees it: images augmented, where they come from files.</summary>
    /// <param name="epoch">The epoch, which decides the augmentation.</param>
    /// <param name="questions">The questions' numbers.</param>
    /// <param name="device">Where the tensors shall be; the processor where null.</param>
    (Tensor Images, Tensor Ids, Tensor Mask) TrainingBatch(int epoch, ReadOnlySpan<int> questions, Device? device = null);

    /// <summary>All answers of some questions: ids and mask <c>[A, N]</c>, weights <c>[A]</c>, and the place in the batch of the question that each answers, <c>[A]</c> int64.</summary>
    /// <param name="questions">The questions' numbers.</param>
    /// <param name="device">Where the tensors shall be; the processor where null.</param>
    (Tensor Ids, Tensor Mask, Tensor Weights, Tensor QuestionOf) Answers(IReadOnlyList<int> questions, Device? device = null);

    /// <summary>What each patch of the questions' images shows, <c>[B, patches]</c> int64; null where it is not known.</summary>
    /// <param name="questions">The questions' numbers.</param>
    /// <param name="device">Where the tensor shall be; the processor where null.</param>
    Tensor? PatchClasses(IReadOnlyList<int> questions, Device? device = null);

    /// <summary>How many of what each token names are in the image, <c>[B, N, 2]</c> int64 (both numbers alike), padded as <see cref="Batch"/> pads; null where it is not known.</summary>
    /// <param name="questions">The questions' numbers.</param>
    /// <param name="unnamed">What a token that names nothing has.</param>
    /// <param name="device">Where the tensor shall be; the processor where null.</param>
    Tensor? NamedCounts(IReadOnlyList<int> questions, sbyte unnamed, Device? device = null);

    /// <summary>Told what <see cref="TrainingBatch"/> will be asked for, in order, so that files are read ahead.</summary>
    /// <param name="plan">The batches; empty when there will be none.</param>
    void Foresee(IEnumerable<PlannedBatch> plan);
}

/// <summary>A split of images with questions kept decoded in memory, for images small enough. An example is a question.</summary>
public sealed class QuestionedImages : IQuestionedImages
{
    private readonly CaptionedImages images;
    private readonly IReadOnlyList<IReadOnlyList<(int[] Ids, float Weight)>> answers;
    private readonly sbyte[][]? counts;

    /// <summary>Takes over images whose texts are questions, and the questions' answers.</summary>
    /// <param name="images">The images; their texts are the questions.</param>
    /// <param name="answers">Token ids and weights of the different answers of every question.</param>
    /// <param name="truth">The questions as they are scored.</param>
    /// <param name="counts">How many of what each token of each question names are in its image, twice a token; null where it is not known.</param>
    /// <exception cref="ArgumentException">They are not of the same questions.</exception>
    public QuestionedImages(CaptionedImages images, IReadOnlyList<IReadOnlyList<(int[] Ids, float Weight)>> answers, IReadOnlyList<VqaQuestion> truth, sbyte[][]? counts = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (answers.Count != images.Captions || truth.Count != images.Captions)
        {
            throw new ArgumentException($"{images.Captions} questions with the answers of {answers.Count} and the truth of {truth.Count}", nameof(answers));
        }

        (this.images, this.answers, this.counts, Truth) = (images, answers, counts, truth);
    }

    /// <inheritdoc/>
    public int Count => answers.Count;

    /// <inheritdoc/>
    public IReadOnlyList<VqaQuestion> Truth { get; }

    /// <inheritdoc/>
    public int TextLength(int question) => images.TextLength(question);

    /// <inheritdoc/>
    public (Tensor Images, Tensor Ids, Tensor Mask) Batch(IReadOnlyList<int> questions, bool shuffle = false, Device? device = null)
    {
        var (ids, mask) = images.Texts(questions, device);
        return (images.Pixels(shuffle ? Others(questions) : ImagesOf(questions), device), ids, mask);
    }

    /// <summary>Some questions with their images; in memory nothing is augmented.</summary>
    public (Tensor Images, Tensor Ids, Tensor Mask) TrainingBatch(int epoch, ReadOnlySpan<int> questions, Device? device = null) => Batch(questions.ToArray(), device: device);

    /// <inheritdoc/>
    public (Tensor Ids, Tensor Mask, Tensor Weights, Tensor QuestionOf) Answers(IReadOnlyList<int> questions, Device? device = null) =>
        AnswerTensors.Of([.. questions.Select(question => answers[question])], paddingId: 0, device);

    /// <inheritdoc/>
    public Tensor? PatchClasses(IReadOnlyList<int> questions, Device? device = null) => images.PatchClasses(ImagesOf(questions), device);

    /// <summary>Does nothing: what is in memory need not be read ahead.</summary>
    public void Foresee(IEnumerable<PlannedBatch> plan)
    {
    }

    /// <inheritdoc/>
    public Tensor? NamedCounts(IReadOnlyList<int> questions, sbyte unnamed, Device? device = null)
    {
        if (counts is null)
        {
            return null;
        }

        var width = 2 * questions.Max(question => images.TextLength(question));
        var padded = questions.SelectMany(question => counts[question].Concat(Enumerable.Repeat(unnamed, width - counts[question].Length)).Select(n => (long)n));
        return tensor(padded.ToArray(), [questions.Count, width / 2, 2], device: device);
    }

    /// <inheritdoc/>
    public void Dispose() => images.Dispose();

    private int[] ImagesOf(IReadOnlyList<int> questions) => [.. questions.Select(question => images.ImageOfCaption[question])];

    private int[] Others(IReadOnlyList<int> questions)
    {
        var other = Derangement.Of(images.Images);
        return [.. questions.Select(question => other[images.ImageOfCaption[question]])];
    }
}

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

/// <summary>Answers of several questions in one batch.</summary>
internal static class AnswerTensors
{
    /// <summary>Ids and mask <c>[A, N]</c>, weights <c>[A]</c>, and the place of the question that each answers, <c>[A]</c> int64.</summary>
    /// <param name="ofQuestions">Token ids and weights of every question's answers.</param>
    /// <param name="paddingId">What fills short answers up.</param>
    /// <param name="device">Where the tensors shall be; the processor where null.</param>
    public static (Tensor Ids, Tensor Mask, Tensor Weights, Tensor QuestionOf) Of(IReadOnlyList<IReadOnlyList<(int[] Ids, float Weight)>> ofQuestions, int paddingId, Device? device)
    {
        var all = ofQuestions.Index().SelectMany(q => q.Item.Select(answer => (Place: (long)q.Index, answer.Ids, answer.Weight))).ToArray();
        var padded = TokenBatch.Pad([.. all.Select(answer => answer.Ids)], paddingId);
        return (
            tensor(padded.Ids, [padded.Count, padded.Length], device: device),
            tensor(padded.AttentionMask, [padded.Count, padded.Length], dtype: float32, device: device),
            tensor(all.Select(answer => answer.Weight).ToArray(), device: device),
            tensor(all.Select(answer => answer.Place).ToArray(), device: device));
    }
}

/// <summary>Questions as they are scored, read from their files when they are asked for.</summary>
internal sealed class QuestionTruth(IReadOnlyList<VqaExample> questions, int count) : IReadOnlyList<VqaQuestion>
{
    public int Count => count;

    public VqaQuestion this[int index] => index < count ? Of(questions[index]) : throw new ArgumentOutOfRangeException(nameof(index), index, $"there are {count} questions");

    public IEnumerator<VqaQuestion> GetEnumerator()
    {
        for (var i = 0; i < count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // The answers' weights are shares of the people who gave them; who they were does not matter to a score.
    private static VqaQuestion Of(VqaExample example)
    {
        var people = example.Answers.SelectMany(answer => Enumerable.Repeat(answer.Text, (int)Math.Round(answer.Weight * Math.Max(1, example.People))));
        return new VqaQuestion(example.QuestionId, example.QuestionType ?? string.Empty, example.AnswerType ?? string.Empty, [.. people.Select((answer, n) => new VqaHumanAnswer(answer, Number: n + 1))]);
    }
}
