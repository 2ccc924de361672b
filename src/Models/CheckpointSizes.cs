using Madtp.Kit.Checkpoints;

namespace Madtp.Kit.Models;

/// <summary>The sizes of the model that a checkpoint belongs to, read from the shapes of its tensors, and what no shape tells,
/// found by <see cref="CheckpointHints"/>: assumed heads are 64 wide, those of the kit's toy models (narrower than 128) 16.
/// Training copies are left out, since what answers does not need them. Of a model that parameters were pruned from these are the
/// sizes before.</summary>
public static class CheckpointSizes
{
    /// <summary>CLIP's sizes.</summary>
    /// <exception cref="InvalidDataException">It is no CLIP; the message names the tensor that is missing or
    /// misshapen.</exception>
    public static ClipConfig Clip(CheckpointFile file, CheckpointHints? hints = null)
    {
        hints ??= new CheckpointHints();
        var shapes = new CheckpointShapes(
            file, hints.Weights, "CLIP", "visual.conv1.weight", "visual.positional_embedding", "visual.class_embedding",
            "positional_embedding", "token_embedding.weight", "text_projection", "ln_final.weight",
            "visual.transformer.resblocks.0.ln_1.weight", "transformer.resblocks.0.ln_1.weight");
        var (width, patch) = (shapes.Size("visual.conv1.weight", 0), shapes.Size("visual.conv1.weight", 2));
        var textWidth = shapes.Size("ln_final.weight", 0);
        var (heads, textHeads, activation) = hints.Find(file, isClip: true, width, textWidth);
        return new ClipConfig
        {
            Vision = new VisionTransformerConfig
            {
                ImageSize = shapes.ImageSide("visual.positional_embedding") * patch,
                PatchSize = patch,
                Width = width,
                Depth = shapes.Layers("visual.transformer.resblocks."),
                Heads = heads,
            },
            Text = new ClipTextConfig
            {
                ContextLength = shapes.Size("positional_embedding", 0),
                VocabularySize = shapes.Size("token_embedding.weight", 0),
                Width = textWidth,
                Layers = shapes.Layers("transformer.resblocks."),
                Heads = textHeads,
            },
            EmbedWidth = shapes.Size("text_projection", 1),
            Activation = activation,
            Alignment = shapes.Alignment("visual.transformer.resblocks.0."),
            Contrastive = null,
        };
    }

    /// <summary>The sizes of a BLIP of any task; the joint space's width and the first merging layer where it has them.</summary>
    /// <exception cref="InvalidDataException">It is no BLIP; the message names the tensor that is missing or
    /// misshapen.</exception>
    public static BlipConfig Blip(CheckpointFile file, CheckpointHints? hints = null)
    {
        hints ??= new CheckpointHints();
        var shapes = new CheckpointShapes(
            file, hints.Weights, "BLIP", "visual_encoder.patch_embed.proj.weight", "visual_encoder.pos_embed",
            "visual_encoder.blocks.0.mlp.fc1.weight", "text_encoder.embeddings.word_embeddings.weight",
            "text_decoder.bert.embeddings.word_embeddings.weight");
        var patch = shapes.Size("visual_encoder.patch_embed.proj.weight", 2);
        var width = shapes.Size("visual_encoder.patch_embed.proj.weight", 0);
        var text = shapes.Has("text_encoder.embeddings.word_embeddings.weight") ? "text_encoder" : "text_decoder.bert";
        var vocabulary = shapes.Size($"{text}.embeddings.word_embeddings.weight", 0);
        var textWidth = shapes.Size($"{text}.embeddings.word_embeddings.weight", 1);
        var (heads, textHeads, _) = hints.Find(file, isClip: false, width, textWidth);
        var config = new BlipConfig
        {
            Vision = new VisionTransformerConfig
            {
                ImageSize = shapes.ImageSide("visual_encoder.pos_embed") * patch,
                PatchSize = patch,
                Width = width,
                Depth = shapes.Layers("visual_encoder.blocks."),
                Heads = heads,
                MlpRatio = (double)Regular(shapes.Size("visual_encoder.blocks.0.mlp.fc1.weight", 0), width) / width,
            },
            Text = Text(shapes, text, vocabulary, width, textHeads),
            Alignment = shapes.Alignment("visual_encoder.blocks.0."),
            Contrastive = null,
            DecodeId = vocabulary - 2, // BLIP's two tokens come last
            EncodeId = vocabulary - 1,
        };
        return shapes.Has("vision_proj.weight") ? config with { EmbedWidth = shapes.Size("vision_proj.weight", 0) } : config;
    }

    private static BertConfig Text(CheckpointShapes shapes, string prefix, int vocabulary, int imageWidth, int heads)
    {
        var width = shapes.Size($"{prefix}.embeddings.word_embeddings.weight", 1);
        var layers = shapes.Layers($"{prefix}.encoder.layer.");
        var merging = Enumerable.Range(0, layers)
            .FirstOrDefault(layer => shapes.Has($"{prefix}.encoder.layer.{layer}.crossattention.output.merge_layer.weight"), -1);
        return new BertConfig
        {
            VocabularySize = vocabulary,
            Width = width,
            Layers = layers,
            Heads = heads,
            FeedForwardWidth = Regular(shapes.Size($"{prefix}.encoder.layer.0.intermediate.dense.weight", 0), width),
            MaxPositions = shapes.Size($"{prefix}.embeddings.position_embeddings.weight", 0),
            EncoderWidth = imageWidth,
            FirstMergeLayer = merging < 0 ? new BertConfig().FirstMergeLayer : merging,
        };
    }

    // Where parameters were pruned the feed-forward width is less than the four times of every published model.
    private static int Regular(int feedForward, int width) => Math.Max(feedForward, 4 * width);
}

/// <summary>The shapes of a checkpoint's tensors by their original names.</summary>
/// <param name="kind">What the model is called in errors.</param>
/// <param name="telling">A few names that the model must have; they tell whose names those of the file are.</param>
internal sealed class CheckpointShapes(CheckpointFile file, string? weights, string kind, params string[] telling)
{
    private readonly StateDictionary state = StateDictionary.Read(file, telling, weights);

    public bool Has(string name) => state.Tensors.ContainsKey(name);

    public int Size(string name, int dimension)
    {
        if (!state.Tensors.TryGetValue(name, out var tensor))
            throw state.Missing(name, kind);

        Guard.Data(dimension < tensor.Shape.Count && tensor.Shape[dimension] is > 0 and <= int.MaxValue,
            $"{file.Path}: '{name}' has shape [{string.Join(", ", tensor.Shape)}], which none of {kind} has");
        return (int)tensor.Shape[dimension];
    }

    /// <summary>Patches in a row of the square image that a position embedding of <c>[…, 1 + side², D]</c> is for.</summary>
    public int ImageSide(string positions)
    {
        Size(positions, 0);
        var tokens = state.Tensors[positions].Shape[^2];
        var side = (int)Math.Round(Math.Sqrt(tokens - 1));
        Guard.Data(side > 0 && ((long)side * side) + 1 == tokens,
            $"{file.Path}: '{positions}' is for {tokens} tokens, which are no square of patches and a class token");
        return side;
    }

    /// <summary>Layers whose tensors begin with <paramref name="prefix"/> and a number.</summary>
    public int Layers(string prefix)
    {
        var last = state.Tensors.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => int.TryParse(
                name.AsSpan(prefix.Length, Math.Max(0, name.IndexOf('.', prefix.Length) - prefix.Length)), NumberStyles.None,
                CultureInfo.InvariantCulture, out var layer) ? layer : -1)
            .DefaultIfEmpty(-1).Max();
        Guard.Data(last >= 0, $"{file.Path}: there is no tensor '{prefix}0…' in it, so it is no checkpoint of {kind}");
        return last + 1;
    }

    /// <summary>The alignment guidance; null where the checkpoint has none.</summary>
    /// <param name="block">The name of a block, by which a linear map of its own is found.</param>
    public AlignmentConfig? Alignment(string block) => Has("space_dict")
        ? new AlignmentConfig(
            Size("space_dict", 0), Size("space_dict", 1),
            Has($"{block}query_model.q_map.0.weight") ? AlignmentMapping.PerLayer : AlignmentMapping.None)
        : null;
}
