using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Clip;
using Madtp.Kit.Text;

namespace Madtp.Kit.Evaluations;

/// <summary>Captions as a CLIP reads them: by OpenAI's byte pairs, or by the toy world's words, as the size of its vocabulary tells.</summary>
internal sealed class ClipText
{
    private const int MaxWords = 30;
    private const int BytePairs = 49408;
    private readonly Func<string, int[]> tokens;

    private ClipText(string path, Func<string, int[]> tokens) => (Path, this.tokens) = (path, tokens);

    /// <summary>The vocabulary's file.</summary>
    public string Path { get; }

    /// <summary>Finds the vocabulary and opens it.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="InvalidDataException">It is another one than the checkpoint was trained with.</exception>
    public static ClipText Open(ClipConfig sizes, CheckpointFile checkpoint, TaskFiles files, string? given)
    {
        if (sizes.Text.VocabularySize == BytePairs)
        {
            var merges = files.Vocabulary(given, "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt");
            var pairs = ClipBytePairEncoding.Load(merges);
            return new ClipText(merges, caption => pairs.EncodeWithSpecials(BlipText.PreCaption(caption, MaxWords), sizes.Text.ContextLength));
        }

        var path = files.Vocabulary(given, "vocab.txt");
        var words = BertWordPiece.Load(path);
        return words.VocabularySize + 2 == sizes.Text.VocabularySize
            ? new ClipText(path, caption => ToyTokens.ClipCaption(words, caption))
            : throw new InvalidDataException($"{checkpoint.Path} was trained with {sizes.Text.VocabularySize} tokens: neither with CLIP's {BytePairs} nor with the {words.VocabularySize + 2} of {path} and a start and an end");
    }

    /// <summary>A caption's tokens, start and end included.</summary>
    public int[] Tokens(string caption) => tokens(caption);
}
