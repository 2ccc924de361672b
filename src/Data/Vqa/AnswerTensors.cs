using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Vqa;

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
