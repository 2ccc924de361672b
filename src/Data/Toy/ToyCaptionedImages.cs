using Madtp.Kit.Data.Retrieval;
using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Toy;

/// <summary>The toy world's captioned scenes drawn straight into memory, their captions as either model reads them.</summary>
public static class ToyCaptionedImages
{
    private const int MaxWords = 30;
    private const int ImageBytes = ToyScene.Size * ToyScene.Size * 3;

    /// <summary>Words of the toy CLIP: the toy vocabulary, then start and end of text.</summary>
    public static int ClipVocabularySize => ToyTokens.VocabularySize + 2;

    /// <summary>Id of [ENC] in the toy world's vocabulary.</summary>
    public static int EncodeId => ToyTokens.EncodeId;

    /// <summary>A split whose captions begin with [CLS] and end with [SEP], as BLIP reads them.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    public static CaptionedImages DrawForBlip(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, caption => ToyTokens.Tokenizer.EncodeWithSpecials(BlipText.PreCaption(caption, MaxWords)));

    /// <summary>A split whose captions begin with [DEC] and the prompt, as BLIP learns to write them.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    public static CaptionedImages DrawForCaptioning(string split, ToyCaptionSettings? settings = null) => Draw(split, settings, ToyTokens.Caption);

    /// <summary>A split whose captions begin and end with the two ids after the vocabulary's last, as CLIP reads them.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    public static CaptionedImages DrawForClip(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, caption => ClipTokens(ToyTokens.Tokenizer, caption));

    /// <summary>A caption's tokens as the toy CLIP reads them: between the two ids after the vocabulary's last.</summary>
    /// <param name="tokenizer">The toy world's vocabulary with BLIP's two tokens.</param>
    /// <param name="caption">The caption as written.</param>
    public static int[] ClipTokens(BertWordPiece tokenizer, string caption)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return [tokenizer.VocabularySize, .. tokenizer.Encode(BlipText.PreCaption(caption, MaxWords)), tokenizer.VocabularySize + 1];
    }

    private static CaptionedImages Draw(string split, ToyCaptionSettings? settings, Func<string, int[]> tokens)
    {
        var scenes = ToyCaptionedScene.DrawSplit(split, settings);
        var pixels = new byte[scenes.Count * ImageBytes];
        var patches = new byte[scenes.Count * ToyScene.Patches];
        Parallel.For(0, scenes.Count, i =>
        {
            ToyRenderer.Render(scenes[i].Scene).CopyTo(pixels, i * ImageBytes);
            ToyRenderer.PatchClasses(scenes[i].Scene).CopyTo(patches, i * ToyScene.Patches);
        });
        return new CaptionedImages(pixels, ToyScene.Size, [.. scenes.Select(scene => (IReadOnlyList<int[]>)[.. scene.Captions.Select(tokens)])], patches);
    }
}
