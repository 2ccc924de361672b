using Madtp.Kit.Models.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>Judges an image with every text that is worth it, in either direction, by reading them together. The image's keys and values are computed once.</summary>
internal sealed class PairJudge
{
    private readonly BlipRetrieval model;
    private readonly RankedTexts texts;
    private readonly Tensor similarity;
    private readonly CandidatePairs pairs;
    private readonly int batch;

    /// <summary>Takes all texts: ids with [CLS] first and their mask, each <c>[T, N]</c>; and the similarity of all images with them, <c>[I, T]</c>.</summary>
    public PairJudge(BlipRetrieval model, Tensor ids, Tensor mask, Tensor similarity, CandidatePairs pairs, int batch)
    {
        (this.model, this.similarity, this.pairs, this.batch) = (model, similarity, pairs, batch);

        // A reduction that counts padding as tokens must get all of it.
        texts = new RankedTexts(ids, mask, keepsPadding: model.TextEncoder.Layers is [{ Reducer.ExcludesPadding: false }, ..]);
    }

    /// <summary>The texts an image met, and for each how well it matches plus how similar it is.</summary>
    /// <param name="image">The image's number.</param>
    /// <param name="tokens">Its final tokens, <c>[S, D]</c>.</param>
    public (long[] Texts, float[] Scores) Judge(int image, Tensor tokens)
    {
        var context = model.TextEncoder.Project(new ImageContext(tokens.unsqueeze(0)));
        var met = new List<long>();
        var scores = new List<float>();
        foreach (var some in texts.Batches(pairs.TextsOf(image), batch))
        {
            using var scope = NewDisposeScope();
            var (ids, mask) = texts.Take(some);
            var match = model.Match(context, ids, mask).select(1, 1).to(float32).cpu(); // [n]
            var score = match + similarity[image].index_select(0, tensor(some));
            met.AddRange(some);
            scores.AddRange(score.data<float>().ToArray());
        }

        return ([.. met], [.. scores]);
    }

    /// <summary>Tokens filled up with copies of the class token to a length (defect 5 of the released code).</summary>
    public static Tensor Filled(Tensor tokens, long length) =>
        length <= tokens.shape[0] ? tokens : cat([tokens, tokens.slice(0, 0, 1, 1).expand(length - tokens.shape[0], -1)], 0);
}
