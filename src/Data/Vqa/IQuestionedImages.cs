using Madtp.Kit.Data.Batching;
using Madtp.Kit.Metrics;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Vqa;

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
