using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>How well next words were foretold: cross-entropy with smoothed labels over the words after each token.</summary>
public static class LanguageModelLoss
{
    /// <summary>Label smoothing that BLIP trains and ranks with.</summary>
    public const double Smoothing = 0.1;

    /// <summary>A target that is not counted.</summary>
    public const long Ignored = -100;

    /// <summary>
    /// What should be foretold: the texts themselves, without padding and without the first <paramref name="skip"/> tokens. <c>[B, N]</c> int64
    /// </summary>
    /// <param name="ids">Token ids, <c>[B, N]</c> int64.</param>
    /// <param name="paddingId">Id of the padding piece.</param>
    /// <param name="skip">Tokens at the beginning that are given rather than foretold: the prompt.</param>
    public static Tensor Targets(Tensor ids, long paddingId, int skip = 0)
    {
        var targets = ids.masked_fill(ids.eq(paddingId), Ignored);
        return skip == 0 ? targets : cat([full_like(targets.slice(1, 0, skip, 1), Ignored), targets.slice(1, skip, ids.shape[1], 1)], 1);
    }

    /// <summary>The mean over all counted words of all texts: scores <c>[B, N, V]</c> and targets <c>[B, N]</c> to a scalar.</summary>
    public static Tensor Mean(Tensor logits, Tensor targets)
    {
        var (scores, wanted) = Shifted(logits, targets);
        return nn.functional.cross_entropy(scores, wanted, ignore_index: Ignored, label_smoothing: Smoothing);
    }

    /// <summary>The sum over the counted words of each text: scores <c>[B, N, V]</c> and targets <c>[B, N]</c> to <c>[B]</c>.</summary>
    public static Tensor PerText(Tensor logits, Tensor targets)
    {
        var (scores, wanted) = Shifted(logits, targets);
        var each = nn.functional.cross_entropy(scores, wanted, ignore_index: Ignored, reduction: nn.Reduction.None, label_smoothing: Smoothing);
        return each.view(logits.shape[0], -1).sum(1);
    }

    // The scores at a token foretell the next one.
    private static (Tensor Scores, Tensor Targets) Shifted(Tensor logits, Tensor targets)
    {
        var (length, words) = (logits.shape[1], logits.shape[2]);
        return (logits.slice(1, 0, length - 1, 1).reshape(-1, words), targets.slice(1, 1, length, 1).reshape(-1));
    }
}
