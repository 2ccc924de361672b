using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>A split of questions about images as models read them, in memory or on disk. An example is a question; questions go
/// by their numbers, and tensors lie on the processor where no device is named.</summary>
public sealed class QuestionedImages : ISplit
{
    private readonly CaptionedImages images; // their texts are the questions
    private readonly Func<int, IReadOnlyList<(int[] Ids, float Weight)>> answers;
    private readonly sbyte[][]? counts;
    private readonly int paddingId;

    /// <summary>Takes over images whose texts are questions, and the questions' answers.</summary>
    /// <param name="answers">Token ids and weights of the different answers of every question.</param>
    /// <param name="counts">See <see cref="NamedCounts"/>, of each question; null where it is not known.</param>
    /// <exception cref="ArgumentException">They are not of the same questions.</exception>
    public QuestionedImages(
        CaptionedImages images,
        IReadOnlyList<IReadOnlyList<(int[] Ids, float Weight)>> answers,
        IReadOnlyList<VqaQuestion> truth,
        sbyte[][]? counts = null)
    {
        Guard.Argument(answers.Count == images.Captions && truth.Count == images.Captions,
            $"{images.Captions} questions with the answers of {answers.Count} and the truth of {truth.Count}");
        (this.images, this.answers, this.counts, Truth) = (images, question => answers[question], counts, truth);
    }

    /// <summary>Questions on disk, VQA v2's and Visual Genome's: images, questions and answers are read when asked for.</summary>
    /// <param name="questions">The questions; disposed with the split where they can be.</param>
    /// <param name="answer">How answers become tokens, [DEC] first and [SEP] last.</param>
    /// <param name="count">How many of the questions there shall be, the first; all if null.</param>
    public QuestionedImages(
        IReadOnlyList<VqaExample> questions, TextEncoding question, TextEncoding answer, TrainingImageSettings settings,
        int? count = null)
    {
        var number = Math.Min(count ?? questions.Count, questions.Count);
        images = new CaptionedImages(questions, question, settings, number);
        Truth = new FileList<VqaQuestion>(number, index => questions[index].ToScore());
        paddingId = answer.PaddingId;
        answers = index => questions[index] is { Answers.Count: > 0 } asked
            ? [.. asked.Answers.Select(one => (answer.Tokens(one.Text), one.Weight))]
            : throw new InvalidDataException($"question {questions[index].QuestionId} "
                + $"({Printable.Quoted(questions[index].Question)}) has no answers to learn; a test split cannot be trained on");
    }

    public int Count => images.Captions;

    /// <summary>The questions as they are scored: with people's answers, types and numbers.</summary>
    public IReadOnlyList<VqaQuestion> Truth { get; }

    public int TextLength(int question) => images.TextLength(question);

    /// <summary>Some questions with their images as they are: pixels <c>[B, 3, H, W]</c>, ids and mask <c>[B, N]</c>. Shuffled,
    /// every question has another question's image, which shows whether images are needed.</summary>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    public (Tensor Images, Tensor Ids, Tensor Mask) Batch(
        IReadOnlyList<int> questions, bool shuffle = false, Device? device = null)
    {
        var (ids, mask) = images.Texts(questions, device);
        var other = shuffle ? SeededRandom.Derangement(images.Images) : [.. Enumerable.Range(0, images.Images)];
        return (images.Pixels([.. ImagesOf(questions).Select(image => other[image])], device), ids, mask);
    }

    /// <summary>The same as training sees it: images augmented, where they come from files.</summary>
    public (Tensor Images, Tensor Ids, Tensor Mask) TrainingBatch(int epoch, ReadOnlySpan<int> questions, Device? device = null)
    {
        var (ids, mask) = images.Texts(questions.ToArray(), device);
        return (images.TrainingPixels(epoch, questions, device), ids, mask);
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

    /// <summary>What each patch of the questions' images shows, <c>[B, patches]</c> int64; null where it is not known.</summary>
    public Tensor? PatchClasses(IReadOnlyList<int> questions, Device? device = null) =>
        images.PatchClasses(ImagesOf(questions), device);

    /// <summary>How many of what each token names are in the image, <c>[B, N, 2]</c> int64 (both numbers alike,
    /// <see cref="NlvrPairs.Unnamed"/> for tokens that name nothing), padded as <see cref="Batch"/> pads; null where it is not
    /// known.</summary>
    public Tensor? NamedCounts(IReadOnlyList<int> questions, Device? device = null) =>
        counts is null ? null : NlvrPairs.PaddedCounts(question => counts[question], questions, device);

    public void Prefetch(IEnumerable<PlannedBatch> plan) => images.Prefetch(plan);

    public void Dispose() => images.Dispose();

    private IReadOnlyList<int> ImagesOf(IReadOnlyList<int> questions) =>
        [.. questions.Select(question => images.ImageOfCaption[question])];
}
