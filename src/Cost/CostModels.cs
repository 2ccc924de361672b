using Madtp.Kit.Compression;
using Madtp.Kit.Models;

namespace Madtp.Kit.Cost;

/// <summary>A model's sizes and inputs, from which its ledger follows. It begins with the inputs that the paper counts.</summary>
/// <param name="Name">The name the ledger is printed under.</param>
/// <param name="TextTokens">Tokens of the text that is counted, first and last token included.</param>
public abstract record CostModel(string Name, int TextTokens)
{
    /// <summary>Inner widths by <see cref="PrunableWidth"/>'s names where parameters were taken out; else null.</summary>
    public IReadOnlyDictionary<string, int>? Widths { get; init; }

    /// <summary>The alignment guidance; null without.</summary>
    public abstract AlignmentConfig? Alignment { get; }

    /// <summary>The image encoder as a trace names it, and its layers.</summary>
    internal abstract (string Name, int Layers) ImageEncoder { get; }

    /// <summary>The text encoder as a trace names it, and its layers.</summary>
    internal abstract (string Name, int Layers) TextEncoder { get; }

    /// <summary>Writes the model's rows for given token counts.</summary>
    internal abstract void Write(LedgerRows ledger, TokenCounts counts);
}

/// <summary>A BLIP of any task.</summary>
public abstract record BlipCost(string Name, BlipConfig Sizes, int TextTokens) : CostModel(Name, TextTokens)
{
    public override AlignmentConfig? Alignment => Sizes.Alignment;

    internal override (string, int) ImageEncoder => ("visual_encoder", Sizes.Vision.Depth);

    internal override (string, int) TextEncoder => ("text_encoder", Sizes.Text.Layers);

    private protected (long Tokens, int Width) Image(
        LedgerRows ledger, TokenCounts counts, Times times, int image = 0, string copy = "") =>
        (ledger.BlipImage($"visual_encoder{copy}", Sizes.Vision, counts.OfImage(image), times), Sizes.Vision.Width);
}

/// <summary>BLIP on NLVR2: two images, one statement, cross-attention to both. An answer costs the published pass.</summary>
public sealed record NlvrCost(BlipConfig Sizes, int TextTokens = 36) : BlipCost("blip-nlvr2", Sizes, TextTokens)
{
    internal override void Write(LedgerRows ledger, TokenCounts counts)
    {
        var images = new[] { Image(ledger, counts, Times.Once), Image(ledger, counts, Times.Once, image: 1) };
        ledger.Bert("text_encoder", Sizes.Text, TextTokens, Times.Once, images, after: counts.Text);
        ledger.Linear("cls_head.0", 1, Sizes.Text.Width, Sizes.Text.Width, Times.Once);
        ledger.Linear("cls_head.2", 1, Sizes.Text.Width, 2, Times.Once);
    }
}

/// <summary>BLIP captioning. The published pass is one teacher-forced decoder pass; an answer is a beam search.</summary>
public sealed record CaptionCost(BlipConfig Sizes, int TextTokens = 15) : BlipCost("blip-caption", Sizes, TextTokens)
{
    private const int PromptTokens = 4; // "a picture of", begun by the decoder's start token; counted for each beam
    private const int Beams = 3, Steps = 16; // the first step reads the prompt

    internal override void Write(LedgerRows ledger, TokenCounts counts)
    {
        var image = Image(ledger, counts, Times.Once);
        var once = Times.OnPaper(1);
        ledger.Bert("text_decoder.bert", Sizes.Text, TextTokens, once, [image], decodes: true);
        ledger.LanguageHead(Sizes.Text, TextTokens, once);

        // The prompt against itself, then one query against all that came before it.
        const long Inputs = PromptTokens + Steps - 1;
        var pairs = (PromptTokens * PromptTokens) + Enumerable.Range(1, Steps - 1).Sum(step => PromptTokens + step);
        ledger.Bert(
            "text_decoder.bert", Sizes.Text, Inputs, Times.AtInference(Beams, Beams), [image],
            Times.AtInference(1, Beams * Steps), decodes: true, pairs: pairs);

        // The next token follows from the last position alone; the released code answers every position of the prompt.
        ledger.LanguageHead(Sizes.Text, 1, Times.AtInference(Beams * Steps, Beams * Inputs));
    }
}

/// <summary>BLIP VQA. The published pass is a training forward over one image, many questions and many answers, whose image and
/// question keys are computed once; an answer is one question ranked against candidates.</summary>
public sealed record VqaCost(BlipConfig Sizes, int TextTokens = 14) : BlipCost("blip-vqa", Sizes, TextTokens)
{
    private const int AnswerTokens = 5; // each answer of the published pass is padded to
    private const int QuestionTokens = 9; // of the one question that is answered
    private const int CandidateTokens = 6; // each candidate is padded to

    /// <summary>Candidates that are ranked in full (k_test).</summary>
    public const int Candidates = 128;

    /// <summary>Questions of the published pass, padded to <see cref="CostModel.TextTokens"/>.</summary>
    public int Questions { get; init; } = 32;

    /// <summary>Answers of the published pass.</summary>
    public int Answers { get; init; } = 47;

    internal override void Write(LedgerRows ledger, TokenCounts counts)
    {
        var image = Image(ledger, counts, Times.Once);
        var (once, asked) = (Times.OnPaper(1), Times.AtInference(1, 1));
        var read = Question(ledger, image, TextTokens, Times.OnPaper(Questions), once, counts);
        Answer(ledger, read, AnswerTokens, Times.OnPaper(Answers), once);

        // With counts given they are those of the one question asked, which then is as long as the counted text.
        read = Question(ledger, image, counts.Text is null ? QuestionTokens : TextTokens, asked, asked, counts);
        Answer(ledger, read, 1, asked, Times.AtInference(0, 1));
        Answer(ledger, read, CandidateTokens, Times.AtInference(Candidates, Candidates), Times.AtInference(1, Candidates));
    }

    private long Question(LedgerRows ledger, (long, int) image, int tokens, Times times, Times keys, TokenCounts counts) =>
        ledger.Bert("text_encoder", Sizes.Text, tokens, times, [image], keys, counts.Text);

    private void Answer(LedgerRows ledger, long question, int tokens, Times times, Times keys)
    {
        ledger.Bert("text_decoder.bert", Sizes.Text, tokens, times, [(question, Sizes.Text.Width)], keys, decodes: true);
        ledger.LanguageHead(Sizes.Text, tokens, times);
    }
}

/// <summary>BLIP retrieval. The published pass is a training forward: momentum copies, queues, image-text matching with one
/// positive and two negatives. The deployed figures are those of re-ranking COCO's whole test set, the stage that decides the
/// cost: every text's best images and every image's best texts, 256 each (k_test).</summary>
public sealed record RetrievalCost(BlipConfig Sizes, int TextTokens = 35) : BlipCost("blip-retrieval", Sizes, TextTokens)
{
    /// <summary>Image-text pairs of re-ranking.</summary>
    public const long Pairs = (Images + Texts) * 256;

    private const long Images = 5000, Texts = 25_000;

    /// <summary>Tokens of a text in re-ranking; 0 for as many as the published pass pads to.</summary>
    public int PairTokens { get; init; }

    internal override void Write(LedgerRows ledger, TokenCounts counts)
    {
        var once = Times.OnPaper(1);
        var image = Image(ledger, counts, once);
        Image(ledger, counts, once, copy: "_m");
        foreach (var copy in (ReadOnlySpan<string>)["", "_m"])
        {
            ledger.Bert($"text_encoder{copy}", Sizes.Text, TextTokens, once, after: counts.Text);
            ledger.Linear($"vision_proj{copy}", 1, Sizes.Vision.Width, Sizes.EmbedWidth, once);
            ledger.Linear($"text_proj{copy}", 1, Sizes.Text.Width, Sizes.EmbedWidth, once);
        }

        ledger.Queues(Sizes.EmbedWidth, once);
        var tokens = PairTokens == 0 || counts.Text is not null ? TextTokens : PairTokens;
        Match(ledger, image, TextTokens, Times.OnPaper(3), Times.OnPaper(3), counts.Text);
        Match(ledger, image, tokens, Times.AtInference(Pairs, Pairs), Times.AtInference(Images, Pairs), counts.Text);
    }

    private void Match(LedgerRows ledger, (long, int) image, int tokens, Times times, Times keys, IReadOnlyList<int>? after)
    {
        ledger.Bert("text_encoder", Sizes.Text, tokens, times, [image], keys, after);
        ledger.Linear("itm_head", 1, Sizes.Text.Width, 2, times);
    }
}

/// <summary>What it costs BLIP to find out whether one text belongs to one image: both encoded, compared, and read together. What
/// a temperature is calibrated on, since it counts each encoder once and nothing that only training needs.</summary>
public sealed record RetrievalPairCost(BlipConfig Sizes, int TextTokens = 35) : BlipCost("blip-retrieval pair", Sizes, TextTokens)
{
    internal override void Write(LedgerRows ledger, TokenCounts counts)
    {
        var image = Image(ledger, counts, Times.Once);
        ledger.Bert("text_encoder", Sizes.Text, TextTokens, Times.Once, after: counts.Text);
        ledger.Linear("vision_proj", 1, Sizes.Vision.Width, Sizes.EmbedWidth, Times.Once);
        ledger.Linear("text_proj", 1, Sizes.Text.Width, Sizes.EmbedWidth, Times.Once);
        ledger.Bert("text_encoder", Sizes.Text, TextTokens, Times.Once, [image], after: counts.TextWithImage);
        ledger.Linear("itm_head", 1, Sizes.Text.Width, 2, Times.Once);
    }
}

/// <summary>CLIP. The published pass trains, with momentum copies and queues: about twice what inference costs.</summary>
public sealed record ClipCost(ClipConfig Sizes, int TextTokens = 77) : CostModel("clip", TextTokens)
{
    public override AlignmentConfig? Alignment => Sizes.Alignment;

    internal override (string, int) ImageEncoder => ("visual", Sizes.Vision.Depth);

    internal override (string, int) TextEncoder => ("transformer", Sizes.Text.Layers);

    internal override void Write(LedgerRows ledger, TokenCounts counts)
    {
        var copied = Times.OnPaper(1);
        ledger.ClipImage("visual", Sizes.Vision, Sizes.EmbedWidth, counts.OfImage(0), Times.Once);
        ledger.ClipImage("visual_m", Sizes.Vision, Sizes.EmbedWidth, counts.OfImage(0), copied);
        ledger.ClipText("", Sizes.Text, TextTokens, Sizes.EmbedWidth, counts.Text, Times.Once);
        ledger.ClipText("_m", Sizes.Text, TextTokens, Sizes.EmbedWidth, counts.Text, copied);
        ledger.Queues(Sizes.EmbedWidth, copied);
        ledger.Model("similarity", Sizes.EmbedWidth, Times.AtInference(1, 1));
    }
}

/// <summary>The full-size models by name, with the inputs the paper counts.</summary>
public static class CostModels
{
    private static readonly Dictionary<string, Func<CostModel>> All = new(StringComparer.Ordinal)
    {
        ["blip-nlvr2"] = () => new NlvrCost(BlipConfig.Nlvr2),
        ["blip-caption"] = () => new CaptionCost(BlipConfig.Caption),
        ["blip-vqa"] = () => new VqaCost(BlipConfig.Vqa),
        ["blip-retrieval"] = () => new RetrievalCost(BlipConfig.Retrieval),
        ["clip-l14-336"] = () => new ClipCost(ClipConfig.LargePatch14At336),
        ["clip-b16"] = () => new ClipCost(ClipConfig.BasePatch16),
        ["clip-b32"] = () => new ClipCost(ClipConfig.BasePatch32),
    };

    /// <summary>The five models of the paper's tables, in the order they are reported.</summary>
    public static IReadOnlyList<string> OfThePaper { get; } = [.. All.Keys.Take(5)];

    /// <summary>Every name <see cref="Named"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Keys];

    /// <summary>A full-size model by its name.</summary>
    /// <exception cref="ArgumentException">No model has this name.</exception>
    public static CostModel Named(string name) => All.TryGetValue(name, out var make)
        ? make() with { Name = name }
        : throw new ArgumentException($"no model is named '{name}'; known are {string.Join(", ", All.Keys)}");
}
