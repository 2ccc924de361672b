using Madtp.Kit.Data.Retrieval;
using Madtp.Kit.Metrics;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Vqa;

/// <summary>A split of images with questions kept decoded in memory, for images small enough. An example is a question.</summary>
public sealed class QuestionedImages : IDisposable
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

    /// <summary>How many questions there are.</summary>
    public int Count => answers.Count;

    /// <summary>The questions as they are scored: with people's answers, types and numbers.</summary>
    public IReadOnlyList<VqaQuestion> Truth { get; }

    /// <summary>Tokens of one question, padding left out.</summary>
    public int TextLength(int question) => images.TextLength(question);

    /// <summary>
    /// Some questions with their images.
    /// </summary>
    /// <param name="questions">Their numbers.</param>
    /// <param name="shuffle">Gives every question another question's image, to show that it is needed.</param>
    /// <returns>Images <c>[B, 3, H, W]</c>, ids and mask <c>[B, N]</c>.</returns>
    public (Tensor Images, Tensor Ids, Tensor Mask) Batch(IReadOnlyList<int> questions, bool shuffle = false)
    {
        var (ids, mask) = images.Texts(questions);
        return (images.Pixels(shuffle ? Others(questions) : ImagesOf(questions)), ids, mask);
    }

    /// <summary>All answers of some questions: ids and mask <c>[A, N]</c>, weights <c>[A]</c>, and the place in the batch of the question that each answers, <c>[A]</c> int64.</summary>
    public (Tensor Ids, Tensor Mask, Tensor Weights, Tensor QuestionOf) Answers(IReadOnlyList<int> questions)
    {
        var all = questions.Index().SelectMany(q => answers[q.Item].Select(answer => (Place: (long)q.Index, answer.Ids, answer.Weight))).ToArray();
        var padded = Text.TokenBatch.Pad([.. all.Select(answer => answer.Ids)], 0);
        return (
            tensor(padded.Ids, [padded.Count, padded.Length]),
            tensor(padded.AttentionMask, [padded.Count, padded.Length]).to(float32),
            tensor(all.Select(answer => answer.Weight).ToArray()),
            tensor(all.Select(answer => answer.Place).ToArray()));
    }

    /// <summary>What each patch of the questions' images shows, <c>[B, patches]</c> int64; null where it is not known.</summary>
    public Tensor? PatchClasses(IReadOnlyList<int> questions) => images.PatchClasses(ImagesOf(questions));

    /// <summary>How many of what each token names are in the image, <c>[B, N, 2]</c> int64 (both numbers alike), padded as <see cref="Batch"/> pads; null where it is not known.</summary>
    public Tensor? NamedCounts(IReadOnlyList<int> questions, sbyte unnamed)
    {
        if (counts is null)
        {
            return null;
        }

        var width = 2 * questions.Max(question => images.TextLength(question));
        var padded = questions.SelectMany(question => counts[question].Concat(Enumerable.Repeat(unnamed, width - counts[question].Length)).Select(n => (long)n));
        return tensor(padded.ToArray(), [questions.Count, width / 2, 2]);
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
