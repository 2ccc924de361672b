using System.Text.RegularExpressions;

namespace Madtp.Kit.Checkpoints;

/// <summary>Under which other names a model's tensor may be found, in the order they are tried.</summary>
internal static partial class WantedNames
{
    /// <summary>The name itself, then what stands in for it.</summary>
    /// <remarks>
    /// NLVR2's text encoder has a cross-attention for each of the two images; both start from the pretrained one. Momentum copies
    /// start as what they copy. The language model's last layer is tied to its word embeddings, and its bias is held twice.
    /// </remarks>
    public static IEnumerable<string> Candidates(string name)
    {
        yield return name;
        var twin = Twin().Replace(name, "$1");
        if (twin != name)
        {
            yield return twin;
        }

        var online = Momentum().Replace(name, "$1", 1);
        if (online != name)
        {
            yield return online;
        }

        if (name.EndsWith(".cls.predictions.decoder.weight", StringComparison.Ordinal))
        {
            yield return name.Replace(".cls.predictions.decoder.weight", ".bert.embeddings.word_embeddings.weight", StringComparison.Ordinal);
        }
        else if (name.EndsWith(".cls.predictions.decoder.bias", StringComparison.Ordinal))
        {
            yield return name.Replace(".decoder.bias", ".bias", StringComparison.Ordinal);
        }
    }

    /// <summary>Buffers that a model computes itself; files of some versions hold them, others do not.</summary>
    public static bool IsComputed(string name) => name.EndsWith("position_ids", StringComparison.Ordinal) || name.EndsWith("attn_mask", StringComparison.Ordinal);

    /// <summary>Numbers that OpenAI's archives keep among the tensors; they describe the model rather than belong to it.</summary>
    public static bool IsDescription(string name) => name is "input_resolution" or "context_length" or "vocab_size";

    [GeneratedRegex(@"(?<=\.crossattention\.)(self|output\.dense)[01](?=\.)", RegexOptions.CultureInvariant)]
    private static partial Regex Twin();

    // visual_encoder_m.x, vision_proj_m.x, token_embedding_m.x, text_projection_m: the mark is on the first word.
    [GeneratedRegex(@"^(\w+?)_m(?=\.|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Momentum();
}
