using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>A split of questions about images. An example is a question, which stands where others have a caption.</summary>
public sealed class QuestionedImages : CaptionedImages
{
    private readonly Func<int, IReadOnlyList<(int[] Ids, float Weight)>> answers;
    private readonly int paddingId;
    private readonly IDisposable? file;

    /// <summary>Takes over the bytes of I images, the tokens of questions about them, and the questions' answers.</summary>
    /// <param name="answers">Token ids and weights of the different answers of every question.</param>
    /// <inheritdoc cref="CaptionedImages(byte[], int, IReadOnlyList{IReadOnlyList{int[]}}, byte[], IReadOnlyList{sbyte[]})"/>
    public QuestionedImages(
        byte[] pixels, int size, IReadOnlyList<IReadOnlyList<int[]>> questions,
        IReadOnlyList<IReadOnlyList<(int[] Ids, float Weight)>> answers, IReadOnlyList<VqaQuestion> truth,
        byte[]? patchClasses = null, IReadOnlyList<sbyte[]>? namedCounts = null)
        : base(pixels, size, questions, patchClasses, namedCounts)
    {
        Guard.Argument(answers.Count == Count && truth.Count == Count,
            $"{Count} questions with the answers of {answers.Count} and the truth of {truth.Count}");
        (this.answers, Truth) = (question => answers[question], truth);
    }

    /// <summary>Questions on disk, VQA v2's and Visual Genome's: images, questions and answers are read when asked for.</summary>
    /// <param name="questions">The questions; disposed with the split where they can be.</param>
    /// <param name="answer">How answers become tokens, [DEC] first and [SEP] last.</param>
    /// <param name="count">How many of the questions there shall be, the first; all if null.</param>
    public QuestionedImages(
        IReadOnlyList<VqaExample> questions, TextEncoding question, TextEncoding answer, TrainingImageSettings settings,
        int? count = null)
        : base(
            [.. Enumerable.Range(0, Math.Min(count ?? questions.Count, questions.Count))],
            new ImageFiles(index => [questions[index].ImagePath], settings), index => question.Tokens(questions[index].Question),
            question)
    {
        Truth = new FileList<VqaQuestion>(Count, index => questions[index].ToScore());
        (paddingId, file) = (answer.PaddingId, questions as IDisposable);
        answers = index => questions[index] is { Answers.Count: > 0 } asked
            ? [.. asked.Answers.Select(one => (answer.Tokens(one.Text), one.Weight))]
            : throw new InvalidDataException($"question {questions[index].QuestionId} "
                + $"({Printable.Quoted(questions[index].Question)}) has no answers to learn; a test split cannot be trained on");
    }

    /// <summary>The questions as they are scored: with people's answers, types and numbers.</summary>
    public IReadOnlyList<VqaQuestion> Truth { get; }

    /// <summary>Some questions with their images as they are: pixels <c>[B, 3, H, W]</c>, ids and mask <c>[B, N]</c>. Shuffled,
    /// every question has another question's image, which shows whether images are needed.</summary>
    public (Tensor Images, Tensor Ids, Tensor Mask) Batch(
        IReadOnlyList<int> questions, bool shuffle = false, Device? device = null)
    {
        var (ids, mask) = Texts(questions, device);
        var other = shuffle ? SeededRandom.Derangement(Images) : [.. Enumerable.Range(0, Images)];
        return (Pixels([.. questions.Select(question => other[ImageOfCaption[question]])], device), ids, mask);
    }

    /// <summary>The same as training sees it: images augmented, where they come from files.</summary>
    public (Tensor Images, Tensor Ids, Tensor Mask) TrainingBatch(int epoch, ReadOnlySpan<int> questions, Device? device = null)
    {
        var (ids, mask) = Texts(questions.ToArray(), device);
        return (TrainingPixels(epoch, questions, device), ids, mask);
    }

    /// <summary>All answers of some questions: ids and mask <c>[A, N]</c>, weights <c>[A]</c>, and the place in the batch of the
    /// question that each answers, <c>[A]</c> int64.</summary>
    /// <exception cref="InvalidDataException">A question has no answers to learn.</exception>
    public (Tensor Ids, Tensor Mask, Tensor Weights, Tensor QuestionOf) Answers(
        IReadOnlyList<int> questions, Device? device = null)
    {
        var all = questions
            .SelectMany((question, place) => answers(question).Select(answer => (Place: (long)place, answer))).ToArray();
        var (ids, mask) = TextEncoding.Batch([.. all.Select(of => of.answer.Ids)], paddingId, null, device);
        var weights = tensor(all.Select(of => of.answer.Weight).ToArray(), device: device);
        return (ids, mask, weights, tensor(all.Select(of => of.Place).ToArray(), device: device));
    }

    public override void Dispose()
    {
        base.Dispose();
        file?.Dispose();
    }
}
