using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>CLIP's image encoder (<c>visual</c> in the checkpoints).</summary>
public sealed class ClipVisionTransformer : nn.Module<Tensor, ClipEncoding>
{
    private readonly Parameter class_embedding;
    private readonly Parameter positional_embedding;
    private readonly Parameter proj;
    private readonly Conv2d conv1;
    private readonly LayerNorm ln_pre;
    private readonly ClipTransformer transformer;
    private readonly LayerNorm ln_post;

    /// <summary>Creates the encoder with random weights.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="embedWidth">E, width of the joint space.</param>
    /// <param name="alignment">Alignment guidance, if the model has it.</param>
    public ClipVisionTransformer(ClipVisionConfig config, int embedWidth, AlignmentConfig? alignment = null) : base(nameof(ClipVisionTransformer))
    {
        Config = config;
        var deviation = Math.Pow(config.Width, -0.5);
        class_embedding = ClipInitialization.Table(deviation, config.Width);
        positional_embedding = ClipInitialization.Table(deviation, config.Patches + 1, config.Width);
        proj = ClipInitialization.Table(deviation, config.Width, embedWidth);
        conv1 = nn.Conv2d(3, config.Width, kernel_size: config.PatchSize, stride: config.PatchSize, bias: false);
        ln_pre = nn.LayerNorm(config.Width);
        transformer = new ClipTransformer(config.Width, config.Layers, config.Heads, causal: false, alignment, config.PrunedWidths);
        ln_post = nn.LayerNorm(config.Width);
        RegisterComponents();
    }

    /// <summary>The encoder's sizes.</summary>
    public ClipVisionConfig Config { get; }

    /// <summary>The blocks in order.</summary>
    public IReadOnlyList<ClipBlock> Blocks => transformer.Blocks;

    /// <summary>Every inner width that can be pruned.</summary>
    /// <param name="name">The encoder's name in its model.</param>
    public IEnumerable<PrunableWidth> PrunableWidths(string name) => transformer.PrunableWidths($"{name}.{nameof(transformer)}", ModelTower.Image);

    /// <summary>Encodes images <c>[B, 3, H, W]</c> into features <c>[B, E]</c>.</summary>
    /// <exception cref="ArgumentException">The images do not have the configured size.</exception>
    public override ClipEncoding forward(Tensor images)
    {
        if (images.shape is not [_, 3, var height, var width] || height != Config.ImageSize || width != Config.ImageSize)
        {
            throw new ArgumentException($"images have shape [{string.Join(", ", images.shape)}]; this encoder takes [B, 3, {Config.ImageSize}, {Config.ImageSize}]", nameof(images));
        }

        var patches = conv1.forward(images).flatten(2).transpose(1, 2); // [B, N, D]
        var classToken = class_embedding.expand(images.shape[0], 1, Config.Width);
        var embedded = cat([classToken, patches], 1) + positional_embedding; // [B, N + 1, D]
        var tokens = transformer.forward(new TokenState(ln_pre.forward(embedded)));
        return new ClipEncoding(ln_post.forward(tokens.X.select(1, 0)).MatMul(proj), tokens);
    }
}
