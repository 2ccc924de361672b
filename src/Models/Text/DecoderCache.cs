using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>
/// Keys and values that each layer of a text decoder has computed for the tokens so far, so that a step computes those of its
/// new token alone. Exact: a causal layer's keys and values of a token do not depend on later ones. For inference only; it owns
/// its tensors and frees those that a step replaces.
/// </summary>
public sealed class DecoderCache : IDisposable
{
    private readonly KeyValue?[] layers;

    /// <summary>Creates an empty cache for a decoder of <paramref name="layers"/> layers.</summary>
    public DecoderCache(int layers) => this.layers = new KeyValue?[layers];

    /// <summary>Tokens whose keys and values are held.</summary>
    public int Length => layers is [{ } first, ..] ? (int)first.Key.shape[2] : 0;

    /// <summary>Makes row i go on from what was row <paramref name="rows"/>[i], <c>[B']</c> int64; for searches that drop and fork texts.</summary>
    public void Reorder(Tensor rows)
    {
        for (var layer = 0; layer < layers.Length; layer++)
        {
            if (layers[layer] is { } held)
            {
                Hold(layer, new KeyValue(held.Key.index_select(0, rows), held.Value.index_select(0, rows)));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (var layer = 0; layer < layers.Length; layer++)
        {
            Hold(layer, null);
        }
    }

    /// <summary>Adds a layer's newest keys and values, each <c>[B, h, n, d_h]</c>, and returns all of them.</summary>
    internal KeyValue Append(int layer, KeyValue newest)
    {
        var all = layers[layer] is { } held
            ? new KeyValue(cat([held.Key, newest.Key], 2), cat([held.Value, newest.Value], 2))
            : newest;
        Hold(layer, all);
        return all;
    }

    private void Hold(int layer, KeyValue? keyValue)
    {
        layers[layer]?.Key.Dispose();
        layers[layer]?.Value.Dispose();
        layers[layer] = keyValue is null ? null : new KeyValue(keyValue.Key.DetachFromDisposeScope(), keyValue.Value.DetachFromDisposeScope());
    }
}
