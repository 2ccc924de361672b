using Madtp.Kit.Models;

namespace Madtp.Kit.Cost;

/// <summary>The full-size models by name, with the inputs the paper counts.</summary>
public static class CostModels
{
    /// <summary>The five models of the paper's tables, in the order they are reported.</summary>
    public static IReadOnlyList<string> OfThePaper { get; } = ["blip-nlvr2", "blip-caption", "blip-vqa", "blip-retrieval", "clip-l14-336"];

    private static readonly Dictionary<string, Func<CostModel>> All = new(StringComparer.Ordinal)
    {
        ["blip-nlvr2"] = () => Nlvr("blip-nlvr2", VisionDims.Base16(384)),
        ["blip-caption"] = () => Caption("blip-caption", VisionDims.Base16(384)),
        ["blip-vqa"] = () => Vqa("blip-vqa", VisionDims.Base16(480)),
        ["blip-retrieval"] = () => Retrieval("blip-retrieval", VisionDims.Base16(384)),
        ["clip-l14-336"] = () => Clip("clip-l14-336", 336, 14, 1024, 24, 768, 768),
        ["clip-l14"] = () => Clip("clip-l14", 224, 14, 1024, 24, 768, 768),
        ["clip-b16"] = () => Clip("clip-b16", 224, 16, 768, 12, 512, 512),
        ["clip-b32"] = () => Clip("clip-b32", 224, 32, 768, 12, 512, 512),
        ["blip-nlvr2-large"] = () => Nlvr("blip-nlvr2-large", VisionDims.Large16(384)),
        ["blip-caption-large"] = () => Caption("blip-caption-large", VisionDims.Large16(384)),
        ["blip-vqa-large"] = () => Vqa("blip-vqa-large", VisionDims.Large16(480)),
        ["blip-retrieval-large"] = () => Retrieval("blip-retrieval-large", VisionDims.Large16(384)),
    };

    /// <summary>Every name <see cref="Named"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Keys];

    /// <summary>A full-size model by its name.</summary>
    /// <exception cref="ArgumentException">No model has this name.</exception>
    public static CostModel Named(string name) => All.TryGetValue(name, out var make)
        ? make()
        : throw new ArgumentException($"no model is named '{name}'; known are {string.Join(", ", All.Keys)}");

    private static NlvrCost Nlvr(string name, VisionDims vision) => new() { Name = name, Vision = vision, TextTokens = 36, Alignment = Guidance(vision) };

    private static CaptionCost Caption(string name, VisionDims vision) => new() { Name = name, Vision = vision, TextTokens = 15, Alignment = Guidance(vision) };

    private static VqaCost Vqa(string name, VisionDims vision) => new() { Name = name, Vision = vision, TextTokens = 14, Alignment = Guidance(vision) };

    private static RetrievalCost Retrieval(string name, VisionDims vision) => new() { Name = name, Vision = vision, TextTokens = 35, Alignment = Guidance(vision) };

    /// <summary>BLIP's base models read image and text tokens as they are; a wider image encoder needs a map to the text's width.</summary>
    private static AlignmentDims Guidance(VisionDims vision) => new(Map: vision.Width != TextDims.BertBase.Width);

    private static ClipCost Clip(string name, int image, int patch, int width, int depth, int textWidth, int embed) => new()
    {
        Name = name,
        Vision = new VisionDims { ImageSize = image, PatchSize = patch, Width = width, Depth = depth },
        Text = new TextDims { Width = textWidth, Depth = 12, Vocabulary = 49408 },
        TextTokens = 77,
        EmbedWidth = embed,
        Alignment = new AlignmentDims(Map: true),
    };
}

/// <summary>A model's dimensions and inputs: everything its ledger follows from. Toy models are made by giving other dimensions.</summary>
public abstract record CostModel
{
    /// <summary>The name the ledger is printed under.</summary>
    public required string Name { get; init; }

    /// <summary>The image encoder.</summary>
    public required VisionDims Vision { get; init; }

    /// <summary>The text encoder, and the decoder where there is one.</summary>
    public TextDims Text { get; init; } = TextDims.BertBase;

    /// <summary>The alignment guidance.</summary>
    public AlignmentDims Alignment { get; init; } = new();

    /// <summary>Tokens of the text that is counted, first and last token included.</summary>
    public required int TextTokens { get; init; }

    /// <summary>Writes the model's rows for given token counts.</summary>
    internal abstract void Write(LedgerBuilder ledger, TokenCounts counts, ReductionCost method);
}

/// <summary>The dimensions of a vision transformer.</summary>
public sealed record VisionDims
{
    /// <summary>Side of the square input, in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Side of a square patch, in pixels.</summary>
    public required int PatchSize { get; init; }

    /// <summary>Width of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Depth { get; init; }

    /// <summary>Feed-forward width; 0 for four times the width.</summary>
    public int MlpWidth { get; init; }

    /// <summary>Width of an attention head; 64 in every published model.</summary>
    public int HeadWidth { get; init; } = 64;

    /// <summary>Colour channels of the input.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Inner widths of each block where they differ from block to block, else null.</summary>
    public IReadOnlyList<LayerWidths>? Layers { get; init; }

    /// <summary>Patches of one image.</summary>
    public int Patches => ImageSize / PatchSize * (ImageSize / PatchSize);

    /// <summary>Tokens that enter the first block: the patches and the class token.</summary>
    public int Tokens => Patches + 1;

    /// <summary>ViT-B/16 as BLIP uses it.</summary>
    public static VisionDims Base16(int imageSize) => new() { ImageSize = imageSize, PatchSize = 16, Width = 768, Depth = 12 };

    /// <summary>ViT-L/16 as BLIP uses it.</summary>
    public static VisionDims Large16(int imageSize) => new() { ImageSize = imageSize, PatchSize = 16, Width = 1024, Depth = 24 };

    /// <summary>The inner widths of one block.</summary>
    public LayerWidths Widths(int layer) => Layers?[layer] ?? new LayerWidths(Width, MlpWidth == 0 ? 4 * Width : MlpWidth);
}

/// <summary>The dimensions of a text transformer: BERT with cross-attention (MED), or CLIP's.</summary>
public sealed record TextDims
{
    /// <summary>Width of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Number of layers.</summary>
    public required int Depth { get; init; }

    /// <summary>Feed-forward width; 0 for four times the width.</summary>
    public int MlpWidth { get; init; }

    /// <summary>Width of an attention head; 64 in every published model.</summary>
    public int HeadWidth { get; init; } = 64;

    /// <summary>Size of the vocabulary that a language-model head answers with.</summary>
    public int Vocabulary { get; init; } = 30524;

    /// <summary>Inner widths of each layer where they differ from layer to layer, else null.</summary>
    public IReadOnlyList<LayerWidths>? Layers { get; init; }

    /// <summary>BERT-base with BLIP's two added tokens.</summary>
    public static TextDims BertBase { get; } = new() { Width = 768, Depth = 12 };

    /// <summary>The inner widths of one layer.</summary>
    public LayerWidths Widths(int layer) => Layers?[layer] ?? new LayerWidths(Width, MlpWidth == 0 ? 4 * Width : MlpWidth);
}

/// <summary>The dimensions of the alignment guidance (MAG).</summary>
/// <param name="Tokens">K, the number of learnable tokens.</param>
/// <param name="Width">d_k, their width.</param>
/// <param name="Map">Whether each layer maps its tokens to d_k by a linear layer (CLIP does; BLIP uses them as they are, so d_k is the width).</param>
public sealed record AlignmentDims(int Tokens = 100, int Width = 768, bool Map = false)
{
    /// <summary>Those of a model; no tokens at all where it has no guidance.</summary>
    internal static AlignmentDims Of(AlignmentConfig? config) => config is null ? new AlignmentDims(0, 0) : new AlignmentDims(config.Tokens, config.Width, config.Map != AlignmentMapping.None);
}

/// <summary>BLIP on NLVR2: two images, one statement, twin cross-attention. The published pass is also what an answer costs.</summary>
public sealed record NlvrCost : CostModel
{
    /// <summary>First text layer that merges its two cross-attention outputs by a linear map.</summary>
    public int MergeFrom { get; init; } = 6;

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionCost method)
    {
        var sources = new (long, int)[2];
        for (var image = 0; image < 2; image++)
        {
            sources[image] = (VisionRows.Blip(ledger, "visual_encoder", this, counts.OfImage(image), method, Times.Once), Vision.Width);
        }

        BertRows.Encode(ledger, this, new BertRows.Pass
        {
            Name = "text_encoder",
            Tokens = TextTokens,
            Times = Times.Once,
            Sources = sources,
            KeyTimes = Times.Once,
            MergeFrom = MergeFrom,
            After = counts.Text,
        }, method);
        ledger.Linear("cls_head.0", 1, Text.Width, Text.Width, Times.Once);
        ledger.Linear("cls_head.2", 1, Text.Width, 2, Times.Once);
    }
}

/// <summary>
/// BLIP captioning. The published pass is one teacher-forced decoder pass over <see cref="CostModel.TextTokens"/> tokens;
/// an answer is a beam search.
/// </summary>
public sealed record CaptionCost : CostModel
{
    /// <summary>Width of the beam search.</summary>
    public int Beams { get; init; } = 3;

    /// <summary>Tokens of the prompt ("a picture of", begun by the decoder's start token).</summary>
    public int PromptTokens { get; init; } = 4;

    /// <summary>Decoding steps, the first of which reads the prompt.</summary>
    public int Steps { get; init; } = 16;

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionCost method)
    {
        var image = (VisionRows.Blip(ledger, "visual_encoder", this, counts.OfImage(0), method, Times.Once), Vision.Width);
        BertRows.Encode(ledger, this, new BertRows.Pass
        {
            Name = "text_decoder.bert",
            Tokens = TextTokens,
            Times = Times.OnPaper(1),
            Sources = [image],
            KeyTimes = Times.OnPaper(1),
            Aligned = false,
        }, method);
        BertRows.LanguageHead(ledger, "text_decoder.cls.predictions", Text, TextTokens, Times.OnPaper(1));

        long inputs = PromptTokens + Steps - 1;
        BertRows.Decode(ledger, this, new BertRows.Pass
        {
            Name = "text_decoder.bert",
            Tokens = inputs,
            Times = Times.AtInference(Beams, Beams),
            Sources = [image],
            KeyTimes = Times.AtInference(1, (long)Beams * Steps),
        }, inputs, SelfAttentionPairs());

        // The next token follows from the last position alone; the released code answers every position of the prompt.
        BertRows.LanguageHead(ledger, "text_decoder.cls.predictions", Text, 1, Times.AtInference((long)Beams * Steps, Beams * inputs));
    }

    /// <summary>Query-key pairs of one beam: the prompt against itself, then one query against all that came before it.</summary>
    private long SelfAttentionPairs()
    {
        long pairs = (long)PromptTokens * PromptTokens;
        for (var step = 1; step < Steps; step++)
        {
            pairs += PromptTokens + step;
        }

        return pairs;
    }
}

/// <summary>
/// BLIP VQA. The published pass is a training forward over one image, many questions and many answers, whose image and question
/// keys are computed once; an answer is one question ranked against candidates.
/// </summary>
public sealed record VqaCost : CostModel
{
    /// <summary>The answer decoder; the same as the question encoder if null.</summary>
    public TextDims? Decoder { get; init; }

    /// <summary>Questions of the published pass, padded to <see cref="CostModel.TextTokens"/>.</summary>
    public int Questions { get; init; } = 32;

    /// <summary>Answers of the published pass.</summary>
    public int Answers { get; init; } = 47;

    /// <summary>Tokens each of those answers is padded to.</summary>
    public int AnswerTokens { get; init; } = 5;

    /// <summary>Tokens of the one question that is answered.</summary>
    public int QuestionTokens { get; init; } = 9;

    /// <summary>Candidates that are ranked in full (k_test).</summary>
    public int Candidates { get; init; } = 128;

    /// <summary>Tokens each candidate is padded to.</summary>
    public int CandidateTokens { get; init; } = 6;

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionCost method)
    {
        var image = (VisionRows.Blip(ledger, "visual_encoder", this, counts.OfImage(0), method, Times.Once), Vision.Width);
        var questionTokens = counts.Text is null ? TextTokens : counts.Text[^1];
        var askedTokens = counts.Text is null ? QuestionTokens : counts.Text[^1];
        Question(ledger, image, TextTokens, Times.OnPaper(Questions), Times.OnPaper(1), counts, method);
        Answer(ledger, questionTokens, AnswerTokens, Times.OnPaper(Answers), Times.OnPaper(1), method);

        // With counts given they are those of the one question asked, which then is as long as the counted text.
        Question(ledger, image, counts.Text is null ? QuestionTokens : TextTokens, Times.AtInference(1, 1), Times.AtInference(1, 1), counts, method);
        Answer(ledger, askedTokens, 1, Times.AtInference(1, 1), Times.AtInference(0, 1), method);
        Answer(ledger, askedTokens, CandidateTokens, Times.AtInference(Candidates, Candidates), Times.AtInference(1, Candidates), method);
    }

    private void Question(LedgerBuilder ledger, (long Tokens, int Width) image, int tokens, Times times, Times keys, TokenCounts counts, ReductionCost method) =>
        BertRows.Encode(ledger, this, new BertRows.Pass
        {
            Name = "text_encoder",
            Tokens = tokens,
            Times = times,
            Sources = [image],
            KeyTimes = keys,
            After = counts.Text,
        }, method);

    private void Answer(LedgerBuilder ledger, long question, int tokens, Times times, Times keys, ReductionCost method)
    {
        BertRows.Encode(ledger, this with { Text = Decoder ?? Text }, new BertRows.Pass
        {
            Name = "text_decoder.bert",
            Tokens = tokens,
            Times = times,
            Sources = [(question, Text.Width)],
            KeyTimes = keys,
            Aligned = false,
        }, method);
        BertRows.LanguageHead(ledger, "text_decoder.cls.predictions", Text, tokens, times);
    }
}

/// <summary>
/// BLIP retrieval. The published pass is a training forward: momentum copies, queues, image-text matching with one positive and two
/// negatives. The deployed figures are those of re-ranking a whole test set, the stage that decides the cost:
/// every text's best images and every image's best texts, <see cref="Kept"/> each.
/// </summary>
public sealed record RetrievalCost : CostModel
{
    /// <summary>Width of the shared embedding.</summary>
    public int EmbedWidth { get; init; } = 256;

    /// <summary>Entries of each queue.</summary>
    public int Queue { get; init; } = 57600;

    /// <summary>Images of the test set.</summary>
    public int Images { get; init; } = 5000;

    /// <summary>Texts of the test set.</summary>
    public int Texts { get; init; } = 25000;

    /// <summary>Candidates that are re-ranked for each query (k_test).</summary>
    public int Kept { get; init; } = 256;

    /// <summary>Tokens of a text in re-ranking; 0 for as many as the published pass pads to.</summary>
    public int PairTokens { get; init; }

    /// <summary>Pairs that are re-ranked.</summary>
    public long Pairs => ((long)Images + Texts) * Kept;

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionCost method)
    {
        var online = VisionRows.Blip(ledger, "visual_encoder", this, counts.OfImage(0), method, Times.OnPaper(1));
        VisionRows.Blip(ledger, "visual_encoder_m", this, counts.OfImage(0), method, Times.OnPaper(1));
        foreach (var copy in (ReadOnlySpan<string>)["", "_m"])
        {
            BertRows.Encode(ledger, this, new BertRows.Pass { Name = $"text_encoder{copy}", Tokens = TextTokens, Times = Times.OnPaper(1), After = counts.Text }, method);
            ledger.Linear($"vision_proj{copy}", 1, Vision.Width, EmbedWidth, Times.OnPaper(1));
            ledger.Linear($"text_proj{copy}", 1, Text.Width, EmbedWidth, Times.OnPaper(1));
        }

        // Each side of the online and of the momentum pair against the queue and the one entry of the batch.
        ledger.Linear("queue.similarities", 4, EmbedWidth, Queue + 1, Times.OnPaper(1));
        Match(ledger, online, TextTokens, Times.OnPaper(3), Times.OnPaper(3), counts, method);
        var tokens = PairTokens == 0 || counts.Text is not null ? TextTokens : PairTokens;
        Match(ledger, online, tokens, Times.AtInference(Pairs, Pairs), Times.AtInference(Images, Pairs), counts, method);
    }

    private void Match(LedgerBuilder ledger, long image, int tokens, Times times, Times keys, TokenCounts counts, ReductionCost method)
    {
        BertRows.Encode(ledger, this, new BertRows.Pass
        {
            Name = "text_encoder",
            Tokens = tokens,
            Times = times,
            Sources = [(image, Vision.Width)],
            KeyTimes = keys,
            After = counts.Text,
        }, method);
        ledger.Linear("itm_head", 1, Text.Width, 2, times);
    }
}

/// <summary>
/// What it costs BLIP to find out whether one text belongs to one image: both encoded, compared, and read together. What a
/// temperature is calibrated on, since it counts each encoder once and nothing that only training needs.
/// </summary>
public sealed record RetrievalPairCost : CostModel
{
    /// <summary>Width of the shared embedding.</summary>
    public required int EmbedWidth { get; init; }

    /// <summary>Tokens that leave each text layer where the text is read with its image; null where nothing is pruned.</summary>
    public IReadOnlyList<int>? Matching { get; init; }

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionCost method)
    {
        var image = VisionRows.Blip(ledger, "visual_encoder", this, counts.OfImage(0), method, Times.Once);
        BertRows.Encode(ledger, this, Pass(counts.Text), method);
        ledger.Linear("vision_proj", 1, Vision.Width, EmbedWidth, Times.Once);
        ledger.Linear("text_proj", 1, Text.Width, EmbedWidth, Times.Once);
        BertRows.Encode(ledger, this, Pass(Matching) with { Sources = [(image, Vision.Width)], KeyTimes = Times.Once }, method);
        ledger.Linear("itm_head", 1, Text.Width, 2, Times.Once);
    }

    private BertRows.Pass Pass(IReadOnlyList<int>? after) => new() { Name = "text_encoder", Tokens = TextTokens, Times = Times.Once, After = after };
}

/// <summary>
/// CLIP. The published pass is a training forward with momentum copies and queues, about twice what one image and one text cost at
/// inference.
/// </summary>
public sealed record ClipCost : CostModel
{
    /// <summary>Width of the shared embedding.</summary>
    public required int EmbedWidth { get; init; }

    /// <summary>Entries of each queue.</summary>
    public int Queue { get; init; } = 57600;

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionCost method)
    {
        VisionRows.Clip(ledger, "visual", this, counts.OfImage(0), method, Times.Once);
        VisionRows.Clip(ledger, "visual_m", this, counts.OfImage(0), method, Times.OnPaper(1));
        TextTower(ledger, "", counts.Text, method, Times.Once);
        TextTower(ledger, "_m", counts.Text, method, Times.OnPaper(1));
        ledger.Linear("queue.similarities", 4, EmbedWidth, Queue + 1, Times.OnPaper(1));
        ledger.Model("similarity", EmbedWidth, Times.AtInference(1, 1));
    }

    private void TextTower(LedgerBuilder ledger, string copy, IReadOnlyList<int>? after, ReductionCost method, Times times)
    {
        CountsCheck.Layers("text", TextTokens, Text.Depth, after);
        long tokens = TextTokens;
        for (var layer = 0; layer < Text.Depth; layer++)
        {
            var block = $"transformer{copy}.resblocks.{layer}";
            var left = after is null ? tokens : after[layer];
            VisionRows.Block(ledger, block, VisionRows.ClipNames, tokens, left, Text.Width, Text.Widths(layer), times);
            if (after is null)
            {
                ReductionRows.Dense(ledger, block, tokens, Text.Width, Alignment, times);
            }
            else
            {
                ReductionRows.Reduced(ledger, block, tokens, left, Text.Width, Text.HeadWidth, Alignment, method, times);
            }

            tokens = left;
        }

        ledger.Norm($"ln_final{copy}", tokens, Text.Width, times);
        ledger.Linear($"text_projection{copy}", 1, Text.Width, EmbedWidth, times);
    }
}

/// <summary>The cost models of BLIP models of any size.</summary>
public static class BlipCosts
{
    /// <summary>BLIP NLVR2 of the given sizes, reading a statement of <paramref name="textTokens"/> tokens.</summary>
    public static NlvrCost Nlvr(BlipConfig config, int textTokens)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new NlvrCost
        {
            Name = "blip-nlvr2",
            Vision = Vision(config.Vision),
            Text = Text(config.Text),
            TextTokens = textTokens,
            MergeFrom = config.Text.FirstMergeLayer,
            Alignment = AlignmentDims.Of(config.Alignment),
        };
    }

    /// <summary>BLIP captioning of the given sizes, on a caption of <paramref name="textTokens"/> tokens.</summary>
    public static CaptionCost Caption(BlipConfig config, int textTokens)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new CaptionCost { Name = "blip-caption", Vision = Vision(config.Vision), Text = Text(config.Decoder), TextTokens = textTokens, Alignment = AlignmentDims.Of(config.Alignment) };
    }

    /// <summary>BLIP VQA of the given sizes, on one image with one question of <paramref name="textTokens"/> tokens and one answer.</summary>
    public static VqaCost Vqa(BlipConfig config, int textTokens)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new VqaCost
        {
            Name = "blip-vqa",
            Vision = Vision(config.Vision),
            Text = Text(config.Text),
            Decoder = Text(config.Decoder),
            TextTokens = textTokens,
            QuestionTokens = textTokens,
            Questions = 1,
            Answers = 1,
            Alignment = AlignmentDims.Of(config.Alignment),
        };
    }

    /// <summary>The dimensions of a vision transformer of any size.</summary>
    internal static VisionDims Vision(VisionTransformerConfig vision) => new() { ImageSize = vision.ImageSize, PatchSize = vision.PatchSize, Width = vision.Width, Depth = vision.Depth, HeadWidth = vision.Width / vision.Heads, MlpWidth = (int)(vision.Width * vision.MlpRatio), Layers = vision.PrunedWidths };

    /// <summary>The dimensions of a text transformer of any size.</summary>
    internal static TextDims Text(BertConfig text) => new() { Width = text.Width, Depth = text.Layers, HeadWidth = text.Width / text.Heads, MlpWidth = text.FeedForwardWidth, Vocabulary = text.VocabularySize, Layers = text.PrunedWidths };
}
