namespace Madtp.Kit.Models;

/// <summary>Sizes of a BLIP model: its image encoder, its text transformer and its alignment guidance.</summary>
public sealed record BlipConfig
{
    public VisionTransformerConfig Vision { get; init; } = new();

    /// <summary>The text transformer.</summary>
    public BertConfig Text { get; init; } = new();

    /// <summary>Alignment guidance; null builds the plain model.</summary>
    public AlignmentConfig? Alignment { get; init; } = new();

    /// <summary>E, width of the space in which retrieval compares images and texts.</summary>
    public int EmbedWidth { get; init; } = 256;

    /// <summary>Momentum copies and queues for training retrieval; null builds a model that only answers.</summary>
    public ContrastiveConfig? Contrastive { get; init; } = new();

    /// <summary>Id of [ENC], which stands first where a text is read together with an image.</summary>
    public int EncodeId { get; init; } = 30523;

    /// <summary>Id of [DEC], which stands first where a text is generated.</summary>
    public int DecodeId { get; init; } = 30522;

    /// <summary>BLIP retrieval at the paper's size: ViT-B/16 at 384², BERT-base, E = 256, queues of 57,600.</summary>
    public static BlipConfig Retrieval { get; } = new();

    /// <summary>BLIP NLVR2 at the paper's size: ViT-B/16 at 384², BERT-base, K = 100, d_k = 768.</summary>
    public static BlipConfig Nlvr2 { get; } = new();

    /// <summary>BLIP captioning at the paper's size: ViT-B/16 at 384², BERT-base, K = 100, d_k = 768.</summary>
    public static BlipConfig Caption { get; } = new() { Contrastive = null };

    /// <summary>BLIP VQA at the paper's size: ViT-B/16 at 480², two BERT-base, K = 100, d_k = 768.</summary>
    public static BlipConfig Vqa { get; } = new() { Vision = VisionTransformerConfig.Base(480), Contrastive = null };

    /// <summary>The toy world's, for NLVR2: 64² pixels in patches of 8², 136 words, width 64, four heads, 3 + 3 layers, K = 64,
    /// d_k = 64.</summary>
    /// <remarks>θ is the importance of one token at least, the least important of those that the K tokens look at (eq. 9). With K
    /// much below the number of patches that lies so high that no temperature keeps half of them.</remarks>
    public static BlipConfig Toy { get; } = new()
    {
        Vision = VisionTransformerConfig.Toy,
        Text = new BertConfig
        {
            VocabularySize = 138, // BLIP's [DEC] and [ENC] come last
            Width = 64,
            Layers = 3,
            Heads = 4,
            FeedForwardWidth = 256,
            MaxPositions = 32,
            EncoderWidth = 64,
            FirstMergeLayer = 2,
        },
        Alignment = new AlignmentConfig(Tokens: 64, Width: 64, AlignmentMapping.PerLayer),
        DecodeId = 136,
        EncodeId = 137,
    };

    /// <summary>The world with decoys', for NLVR2: 96² pixels in 144 patches of 8², 153 words, width 64, four heads, 6 + 4
    /// layers, K = 24 (K/N = 0.17, as in the paper), d_k = 64.</summary>
    public static BlipConfig Decoys { get; } = new()
    {
        Vision = VisionTransformerConfig.Decoys,
        Text = Toy.Text with { VocabularySize = 155, Layers = 4 },
        Alignment = new AlignmentConfig(Tokens: 24, Width: 64, AlignmentMapping.PerLayer),
        DecodeId = 153,
        EncodeId = 154,
    };

    /// <summary>The toy world's for retrieval: E = 64, queues of 1,024.</summary>
    public static BlipConfig ToyRetrieval { get; } = Toy with { EmbedWidth = 64, Contrastive = ContrastiveConfig.Toy };

    /// <summary>The toy world's for captions, questions and answers: a decoder of three layers more.</summary>
    public static BlipConfig ToyLanguage { get; } = Toy with { Contrastive = null };
}
