using Madtp.Kit.Data.Batching;
using Madtp.Kit.Data.Retrieval;
using Madtp.Kit.Metrics;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Vqa;

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
