using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>
/// CLIP's text encoder over the parts that its checkpoints keep at the top of the model. Not a module of its own, since it
/// has no name there.
/// </summary>
internal sealed record ClipTextEncoder(Embedding Words, Parameter Positions, ClipTransformer Transformer, LayerNorm FinalNorm, Parameter Projection)
{
    /// <summary>Encodes ids <c>[B, N]</c>, whose largest in each row ends the text, into features <c>[B, E]</c>.</summary>
    /// <exception cref="ArgumentException">The texts are longer than the position table.</exception>
    /// <exception cref="InvalidOperationException">A reduction took away the place where a text's feature is read.</exception>
    public ClipEncoding Encode(Tensor ids)
    {
        if (ids.shape is not [_, var length] || length > Positions.shape[0])
        {
            throw new ArgumentException($"texts have shape [{string.Join(", ", ids.shape)}]; this encoder takes [B, N] with at most {Positions.shape[0]} tokens", nameof(ids));
        }

        var end = ids.argmax(-1); // [B]
        var embedded = Words.forward(ids) + Positions.slice(0, 0, length, 1); // [B, N, D]
        var tokens = Transformer.forward(new TokenState(embedded) { EndOfText = end, Mask = Mask(end, length, embedded.dtype) });
        CheckEnd(tokens, length);
        var summary = tokens.EndOfText!.view(-1, 1, 1).expand(-1, 1, tokens.X.shape[2]);
        var feature = FinalNorm.forward(tokens.X.gather(1, summary).squeeze(1)); // [B, D]
        return new ClipEncoding(feature.MatMul(Projection), tokens);
    }

    // A policy that neither protects the end of the text nor follows it can only read where it stood if the text did not get shorter.
    private static void CheckEnd(TokenState tokens, long length)
    {
        if (tokens.Length < length && tokens.EndOfText!.max().item<long>() is var end && end >= tokens.Length)
        {
            throw new InvalidOperationException($"the feature of a text is read at token {end}, its end, but the reduction left {tokens.Length} tokens: a policy without ProtectEndOfText needs max-keep batches with their padding (ExcludePadding false), as the released code has them");
        }
    }

    // Padding stands behind the end of the text, where causal attention never looks: only a reducer needs it told apart.
    private Tensor? Mask(Tensor end, long length, ScalarType dtype)
    {
        if (Transformer.Blocks is not [{ Reducer.ExcludesPadding: true }, ..])
        {
            return null;
        }

        return (arange(length, dtype: int64, device: end.device).unsqueeze(0) <= end.unsqueeze(1)).to(dtype);
    }
}
