using Madtp.Kit.Models.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Decoding;

/// <summary>
/// A text decoder that goes on word by word. Keys and values of the image are computed once, whatever the number of beams and
/// steps, and those of earlier words are kept; the scores are those of reading each text anew.
/// </summary>
public sealed class CachedDecoder : INextWord, IDisposable
{
    private readonly TextDecoder decoder;
    private readonly ImageContext read;
    private readonly DecoderCache cache;

    /// <summary>Computes the keys and values of what is read: b images for B texts, each image a run of B / b.</summary>
    public CachedDecoder(TextDecoder decoder, ImageContext read)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        this.decoder = decoder;
        this.read = decoder.Project(read);
        cache = new DecoderCache(decoder.Config.Layers);
    }

    /// <inheritdoc/>
    public Tensor Begin(Tensor prompts) => decoder.Step(prompts, cache, read);

    /// <inheritdoc/>
    public Tensor Next(Tensor words, Tensor? rows)
    {
        if (rows is not null)
        {
            cache.Reorder(rows);
        }

        return decoder.Step(words.unsqueeze(1), cache, read);
    }

    /// <inheritdoc/>
    public void Dispose() => cache.Dispose();
}
