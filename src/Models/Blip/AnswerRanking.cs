using Madtp.Kit.Models.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>Chooses answers among candidates: the k whose first word is likeliest, then the likeliest of these as a whole.</summary>
internal static class AnswerRanking
{
    /// <summary>Ranks candidates for questions that the decoder reads, <paramref name="questions"/> of B.</summary>
    /// <exception cref="ArgumentException">There are no candidates, or k is not positive.</exception>
    public static RankedAnswers Rank(TextDecoder decoder, ImageContext questions, AnswerCandidates candidates, int k)
    {
        if (k < 1 || candidates.Ids.shape[0] == 0)
        {
            throw new ArgumentException($"{candidates.Ids.shape[0]} candidate answers of which {k} are to be read leave nothing to answer", nameof(k));
        }

        var read = decoder.Project(questions); // once for all candidates
        var likely = First(decoder, read, candidates, (int)Math.Min(k, candidates.Ids.shape[0])); // [B, k]
        var scores = stack([.. Enumerable.Range(0, (int)likely.shape[0]).Select(question =>
        {
            // One question at a time: scores of all words are wide.
            using var scope = NewDisposeScope();
            return Whole(decoder, One(read, question), candidates, likely[question]).MoveToOuterDisposeScope();
        })]); // [B, k]
        var best = likely.gather(1, scores.argmax(1, keepdim: true)).squeeze(1);
        return new RankedAnswers(best, likely, scores);
    }

    private static Tensor First(TextDecoder decoder, ImageContext read, AnswerCandidates candidates, int k)
    {
        var begin = candidates.Ids.slice(0, 0, 1, 1).slice(1, 0, 1, 1).repeat(read.Tokens.shape[0], 1); // [B, 1]
        var next = decoder.Forward(begin, null, read).select(1, 0).softmax(1); // [B, V]
        return next.index_select(1, candidates.Ids.select(1, 1)).topk(k, 1).indexes;
    }

    // Log-likelihood of some whole candidates, [k]; padding that none of them needs is left out, which changes none.
    private static Tensor Whole(TextDecoder decoder, ImageContext question, AnswerCandidates candidates, Tensor some)
    {
        var mask = candidates.Mask.index_select(0, some);
        var width = mask.to(int64).sum(1).max().item<long>();
        var ids = candidates.Ids.index_select(0, some).slice(1, 0, width, 1);
        mask = mask.slice(1, 0, width, 1);
        var logits = decoder.Forward(ids, mask, question);
        return -LanguageModelLoss.PerText(logits, ids.masked_fill(mask.eq(0), LanguageModelLoss.Ignored));
    }

    private static ImageContext One(ImageContext read, int row) => new(Row(read.Tokens, row), read.Mask is { } mask ? Row(mask, row) : null)
    {
        PerLayer = [.. read.PerLayer!.Select(layer => new KeyValue(Row(layer.Key, row), Row(layer.Value, row)))],
    };

    private static Tensor Row(Tensor rows, int row) => rows.slice(0, row, row + 1, 1);
}
