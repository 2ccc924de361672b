using Madtp.Kit.Checkpoints;
using Madtp.Kit.Text;

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
                ImageSize = shapes.ImageSize("visual.positional_embedding", patch, width),
                PatchSize = patch,
                Width = width,
                Depth = shapes.Layers("visual.transformer.resblocks.", width),
                Heads = heads,
            },
            Text = new ClipTextConfig
            {
                ContextLength = shapes.Rows("positional_embedding", textWidth),
                VocabularySize = shapes.Rows("token_embedding.weight", textWidth),
                Width = textWidth,
                Layers = shapes.Layers("transformer.resblocks.", textWidth),
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
                ImageSize = shapes.ImageSize("visual_encoder.pos_embed", patch, width),
                PatchSize = patch,
                Width = width,
                Depth = shapes.Layers("visual_encoder.blocks.", width),
                Heads = heads,
                MlpRatio = (double)Regular(shapes.Rows("visual_encoder.blocks.0.mlp.fc1.weight", width), width) / width,
            },
            Text = Text(shapes, text, vocabulary, width, textHeads),
            Alignment = shapes.Alignment("visual_encoder.blocks.0."),
            Contrastive = null,
            DecodeId = vocabulary - 2, // BLIP's two tokens come last
            EncodeId = vocabulary - 1,
        };
        return shapes.Has("vision_proj.weight") ? config with { EmbedWidth = shapes.Rows("vision_proj.weight", width) } : config;
    }

    private static BertConfig Text(CheckpointShapes shapes, string prefix, int vocabulary, int imageWidth, int heads)
    {
        var width = shapes.Size($"{prefix}.embeddings.word_embeddings.weight", 1);
        var layers = shapes.Layers($"{prefix}.encoder.layer.", width);
        var merging = Enumerable.Range(0, layers)
            .FirstOrDefault(layer => shapes.Has($"{prefix}.encoder.layer.{layer}.crossattention.output.merge_layer.weight"), -1);
        return new BertConfig
        {
            VocabularySize = vocabulary,
            Width = width,
            Layers = layers,
            Heads = heads,
            FeedForwardWidth = Regular(shapes.Rows($"{prefix}.encoder.layer.0.intermediate.dense.weight", width), width),
            MaxPositions = shapes.Rows($"{prefix}.embeddings.position_embeddings.weight", width),
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

    public bool Has(string name) => state.Tensors.ContainsKey(name) || state.Unread.ContainsKey(name);

    public int Size(string name, Index dimension)
    {
        if (!state.Tensors.TryGetValue(name, out var tensor))
            throw state.Missing(name, kind);

        var at = dimension.GetOffset(tensor.Shape.Count);
        Guard.Data(at >= 0 && at < tensor.Shape.Count && tensor.Shape.All(size => size is > 0 and <= int.MaxValue),
            $"{file.Path}: '{name}' has shape {Printable.Sizes(tensor.Shape)}, which none of {kind} has");
        return (int)tensor.Shape[at];
    }

    /// <summary>Rows of a table of <c>[…, rows, width]</c>.</summary>
    public int Rows(string name, int width)
    {
        Guard.Data(Size(name, ^1) == width,
            $"{file.Path}: '{name}' has shape {Printable.Sizes(state.Tensors[name].Shape)}, which is not {width} wide");
        return Size(name, ^2);
    }

    /// <summary>Pixels in a row of the square image that a position embedding of <c>[…, 1 + (size / patch)², D]</c> is
    /// for.</summary>
    public int ImageSize(string positions, int patch, int width)
    {
        var tokens = Rows(positions, width);
        var size = PositionEmbedding.Side(tokens) * patch;
        Guard.Data(size <= int.MaxValue,
            $"{file.Path}: '{positions}' is for {tokens} tokens, which are no square of patches and a class token");
        return (int)size;
    }

    /// <summary>Layers whose tensors begin with <paramref name="prefix"/> and a number. No honest file's model takes
    /// many times its memory.</summary>
    public int Layers(string prefix, int width)
    {
        string[] names = [.. state.Tensors.Keys, .. state.Unread.Keys];
        var last = names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => int.TryParse(
                name.AsSpan(prefix.Length, Math.Max(0, name.IndexOf('.', prefix.Length) - prefix.Length)), NumberStyles.None,
                CultureInfo.InvariantCulture, out var layer) ? layer : -1)
            .DefaultIfEmpty(-1).Max();
        Guard.Data(last >= 0, $"{file.Path}: there is no tensor '{prefix}0…' in it, so it is no checkpoint of {kind}");
        Guard.Data(12L * last < names.Length,
            $"{file.Path}: it has a '{prefix}{last}…', but only {names.Length} tensors, and a layer is of 12 or more");
        Guard.Data(48.0 * (last + 1) * width * width <= (16 * file.Length) + (1L << 30), // 12 W² numbers a layer
            $"{file.Path}: {last + 1} layers of a width of {width} take far more memory than what it holds");
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
