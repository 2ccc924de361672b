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
