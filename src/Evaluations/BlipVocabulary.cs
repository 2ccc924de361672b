using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using Madtp.Kit.Text;

namespace Madtp.Kit.Evaluations;

/// <summary>Whether a vocabulary is the one that a checkpoint was trained with, as far as its size tells.</summary>
internal static class BlipVocabulary
{
    /// <summary>Insists on it: another vocabulary would give answers, all of them worthless.</summary>
    /// <exception cref="InvalidDataException">The sizes differ.</exception>
    public static void Require(BertWordPiece tokenizer, string path, BlipConfig sizes, CheckpointFile checkpoint)
    {
        if (tokenizer.VocabularySize != sizes.Text.VocabularySize)
        {
            throw new InvalidDataException($"{path} has {tokenizer.VocabularySize} tokens ([DEC] and [ENC] included), {checkpoint.Path} was trained with {sizes.Text.VocabularySize}: it is another vocabulary; name the right one");
        }
    }
}
