namespace Madtp.Kit.Checkpoints;

/// <summary>Under which other names a model's tensor may be found, in the order they are tried.</summary>
internal static class WantedNames
{
    private static readonly (Regex Pattern, string StandIn)[] Rows =
    [
        // NLVR2's text encoder has a cross-attention for each of the two images; both start from the pretrained one.
        Row(@"(?<=\.crossattention\.)(self|output\.dense)[01](?=\.)", "$1"),
        // Momentum copies (vision_proj_m.x, text_projection_m: the mark is on the first word) start as what they copy.
        Row(@"^(\w+?)_m(?=\.|$)", "$1"),
        // The language model's last layer is tied to its word embeddings, and its bias is held twice.
        Row(@"\.cls\.predictions\.decoder\.weight$", ".bert.embeddings.word_embeddings.weight"),
        Row(@"(?<=\.cls\.predictions)\.decoder(?=\.bias$)", ""),
    ];

    /// <summary>The name itself, then what stands in for it.</summary>
    public static IEnumerable<string> Candidates(string name) =>
        Rows.Select(row => row.Pattern.Replace(name, row.StandIn)).Where(other => other != name).Prepend(name);

    /// <summary>Buffers that a model computes itself; files of some versions hold them, others do not.</summary>
    public static bool IsComputed(string name) => name.EndsWith("position_ids", StringComparison.Ordinal)
        || name.EndsWith("attn_mask", StringComparison.Ordinal);

    /// <summary>Numbers that OpenAI's archives keep among the tensors; they describe the model.</summary>
    public static bool IsDescription(string name) => name is "input_resolution" or "context_length" or "vocab_size";

    private static (Regex Pattern, string StandIn) Row(string pattern, string standIn) =>
        (new Regex(pattern, RegexOptions.CultureInvariant), standIn);
}

/// <summary>What Hugging Face's ports of CLIP and BLIP call the tensors of the original models. One row a name; a row may also
/// say that the port keeps the matrix transposed, or that it is one part of the original's fused query, key and value.</summary>
internal static class HuggingFaceNames
{
    /// <summary>A name in the original model, its place in the fused tensor, and whether the port transposes it.</summary>
    public readonly record struct Original(string Name, int Part = 0, bool IsTransposed = false);

    private static readonly (Regex Pattern, Original Original)[] ClipRows =
    [
        Row(@"^vision_model\.embeddings\.class_embedding$", "visual.class_embedding"),
        Row(@"^vision_model\.embeddings\.position_embedding\.weight$", "visual.positional_embedding"),
        Row(@"^vision_model\.embeddings\.patch_embedding\.weight$", "visual.conv1.weight"),
        Row(@"^vision_model\.pre_layrnorm\.(weight|bias)$", "visual.ln_pre.$1"),
        Row(@"^vision_model\.post_layernorm\.(weight|bias)$", "visual.ln_post.$1"),
        Row(@"^visual_projection\.weight$", "visual.proj", isTransposed: true),
        Row(@"^text_model\.embeddings\.token_embedding\.weight$", "token_embedding.weight"),
        Row(@"^text_model\.embeddings\.position_embedding\.weight$", "positional_embedding"),
        Row(@"^text_model\.final_layer_norm\.(weight|bias)$", "ln_final.$1"),
        Row(@"^text_projection\.weight$", "text_projection", isTransposed: true),
        .. ClipBlockRows("vision_model", "visual.transformer"),
        .. ClipBlockRows("text_model", "transformer"),
    ];

    private static readonly (Regex Pattern, Original Original)[] BlipRows =
    [
        Row(@"^vision_model\.embeddings\.class_embedding$", "visual_encoder.cls_token"),
        Row(@"^vision_model\.embeddings\.position_embedding$", "visual_encoder.pos_embed"),
        Row(@"^vision_model\.embeddings\.patch_embedding\.(weight|bias)$", "visual_encoder.patch_embed.proj.$1"),
        Row(@"^vision_model\.post_layernorm\.(weight|bias)$", "visual_encoder.norm.$1"),
        Row(@"^vision_model\.encoder\.layers\.(\d+)\.self_attn\.qkv\.(weight|bias)$", "visual_encoder.blocks.$1.attn.qkv.$2"),
        Row(@"^vision_model\.encoder\.layers\.(\d+)\.self_attn\.projection\.(weight|bias)$",
            "visual_encoder.blocks.$1.attn.proj.$2"),
        Row(@"^vision_model\.encoder\.layers\.(\d+)\.layer_norm([12])\.(weight|bias)$", "visual_encoder.blocks.$1.norm$2.$3"),
        Row(@"^vision_model\.encoder\.layers\.(\d+)\.mlp\.fc([12])\.(weight|bias)$", "visual_encoder.blocks.$1.mlp.fc$2.$3"),
    ];

    /// <summary>The original of a name in a port of CLIP, or null.</summary>
    public static Original? Clip(string name) => Find(ClipRows, name);

    /// <summary>The original of a name in a port of BLIP, or null; its text models and heads keep the original names.</summary>
    public static Original? Blip(string name) => Find(BlipRows, name);

    private static IEnumerable<(Regex Pattern, Original Original)> ClipBlockRows(string port, string original)
    {
        var from = $@"^{port}\.encoder\.layers\.(\d+)\.";
        var to = original + ".resblocks.$1.";
        yield return Row(from + @"self_attn\.q_proj\.(weight|bias)$", to + "attn.in_proj_$2", part: 0);
        yield return Row(from + @"self_attn\.k_proj\.(weight|bias)$", to + "attn.in_proj_$2", part: 1);
        yield return Row(from + @"self_attn\.v_proj\.(weight|bias)$", to + "attn.in_proj_$2", part: 2);
        yield return Row(from + @"self_attn\.out_proj\.(weight|bias)$", to + "attn.out_proj.$2");
        yield return Row(from + @"layer_norm([12])\.(weight|bias)$", to + "ln_$2.$3");
        yield return Row(from + @"mlp\.fc1\.(weight|bias)$", to + "mlp.c_fc.$2");
        yield return Row(from + @"mlp\.fc2\.(weight|bias)$", to + "mlp.c_proj.$2");
    }

    private static (Regex Pattern, Original Original) Row(string pattern, string name, int part = 0, bool isTransposed = false) =>
        (new Regex(pattern, RegexOptions.CultureInvariant), new Original(name, part, isTransposed));

    private static Original? Find((Regex Pattern, Original Original)[] rows, string name)
    {
        var (pattern, original) = Array.Find(rows, row => row.Pattern.IsMatch(name));
        return pattern is null ? null : original with { Name = pattern.Match(name).Result(original.Name) };
    }
}
