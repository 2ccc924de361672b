using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Text;

namespace Madtp.Kit.Tasks;

/// <summary>The texts of a BLIP with its checkpoint's vocabulary.</summary>
internal sealed class CheckpointTexts(string path, BertWordPiece tokenizer, BlipConfig sizes)
    : BlipTexts(tokenizer, sizes.Text.MaxPositions)
{
    /// <summary>What the vocabulary may be called.</summary>
    public static readonly string[] Vocabularies = ["vocab.txt", "bert-base-uncased-vocab.txt"];

    // Fewer are the toy world's, whose captions name every shape, and so are longer than what people write.
    private const int ToyPositions = 64;

    /// <summary>The vocabulary's file.</summary>
    public string Path => path;

    /// <summary>How captions are written, and their words without prompt and what follows the end.</summary>
    public CaptionLanguage Language => new(
        Prompt,
        (Positions < ToyPositions ? CaptionLanguage.Toy.Generation : new GenerationSettings()) with
        {
            EndId = Tokenizer.SeparatorId, PaddingId = Tokenizer.PaddingId,
        },
        CaptionOf);

    /// <summary>Finds the vocabulary and opens it.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="InvalidDataException">It is another one than the checkpoint was trained with.</exception>
    public static CheckpointTexts Open(BlipConfig sizes, CheckpointFile checkpoint, TaskFiles files, string? given)
    {
        var path = files.Vocabulary(given, Vocabularies);
        var tokenizer = BertWordPiece.Load(path);
        Guard.Data(tokenizer.VocabularySize == sizes.Text.VocabularySize,
            $"{path} has {tokenizer.VocabularySize} tokens ([DEC] and [ENC] included), {checkpoint.Path} was trained with "
            + $"{sizes.Text.VocabularySize}: it is another vocabulary; name the right one");
        return new CheckpointTexts(path, tokenizer, sizes);
    }
}

/// <summary>Captions as a CLIP reads them: OpenAI's byte pairs or the toy world's words, by the vocabulary's size.</summary>
/// <param name="Path">The vocabulary's file.</param>
/// <param name="Tokens">Makes a caption's tokens, start and end included.</param>
/// <param name="Pieces">Names tokens.</param>
internal sealed record ClipText(string Path, Func<string, int[]> Tokens, Func<int[], string[]> Pieces)
{
    /// <summary>What OpenAI's byte pairs may be called.</summary>
    public static readonly string[] Vocabularies = ["bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt"];

    private const int MaxWords = 30;
    private const int BytePairs = 49408;

    /// <summary>Finds the vocabulary and opens it.</summary>
    /// <inheritdoc cref="CheckpointTexts.Open"/>
    public static ClipText Open(ClipConfig sizes, CheckpointFile checkpoint, TaskFiles files, string? given)
    {
        if (sizes.Text.VocabularySize == BytePairs)
        {
            var merges = files.Vocabulary(given, Vocabularies);
            var pairs = ClipBytePairEncoding.Load(merges);
            return new(
                merges, caption => pairs.EncodeWithSpecials(BlipText.PreCaption(caption, MaxWords), sizes.Text.ContextLength),
                ids => [.. ids.Select(pairs.TokenOf)]);
        }

        var path = files.Vocabulary(given, "vocab.txt");
        var words = BertWordPiece.Load(path);
        Guard.Data(words.VocabularySize + 2 == sizes.Text.VocabularySize,
            $"{checkpoint.Path} was trained with {sizes.Text.VocabularySize} tokens: neither with CLIP's {BytePairs} nor with "
            + $"the {words.VocabularySize + 2} of {path} and a start and an end");
        return OfWords(path, words);
    }

    /// <summary>Words, with a start and an end.</summary>
    public static ClipText OfWords(string path, BertWordPiece words) => new(
        path, caption => ToyTokens.ClipCaption(words, caption),
        ids => ["[start]", .. ids[1..^1].Select(words.TokenOf), "[end]"]);
}
