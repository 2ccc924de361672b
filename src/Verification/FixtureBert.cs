using System.Text.Json;
using Madtp.Kit.Models;

namespace Madtp.Kit.Verification;

/// <summary>Reads the <c>bert</c> part of a fixture's configuration.</summary>
internal static class FixtureBert
{
    /// <summary>Sizes as the kit names them.</summary>
    public static BertConfig Read(JsonElement bert) => new()
    {
        VocabularySize = bert.GetProperty("vocab_size").GetInt32(),
        Width = bert.GetProperty("hidden_size").GetInt32(),
        Layers = bert.GetProperty("num_hidden_layers").GetInt32(),
        Heads = bert.GetProperty("num_attention_heads").GetInt32(),
        FeedForwardWidth = bert.GetProperty("intermediate_size").GetInt32(),
        MaxPositions = bert.GetProperty("max_position_embeddings").GetInt32(),
        LayerNormEpsilon = bert.GetProperty("layer_norm_eps").GetDouble(),
        EncoderWidth = bert.GetProperty("encoder_width").GetInt32(),
    };
}
