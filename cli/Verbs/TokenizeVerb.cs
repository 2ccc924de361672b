using System.Buffers.Text;
using System.CommandLine;
using Madtp.Kit.Text;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit tokenize</c>: JSON strings in, JSON arrays of ids out, a line each.</summary>
internal static class TokenizeVerb
{
    /// <summary>The verb with its two tokenizers.</summary>
    public static Command Create() => new("tokenize", "Read one JSON string a line from standard input and print its token ids as one JSON array a line.")
    {
        CreateBert(),
        CreateClip(),
    };

    private static Command CreateBert()
    {
        var vocabulary = VocabularyOption("The file vocab.txt of bert-base-uncased: one token a line.");
        var special = SpecialOption("Put [CLS] (101) before and [SEP] (102) after the ids.");
        var blip = new Option<bool>("--blip") { Description = "Know BLIP's own tokens [DEC] (30522) and [ENC] (30523) too." };
        var command = new Command("bert", "WordPiece, as Hugging Face's BertTokenizer on bert-base-uncased.") { vocabulary, special, blip };
        command.SetAction(parsed =>
        {
            var tokenizer = BertWordPiece.Load(parsed.GetRequiredValue(vocabulary), parsed.GetValue(blip));
            Run(parsed.GetValue(special) ? text => tokenizer.EncodeWithSpecials(text) : tokenizer.Encode);
        });
        return command;
    }

    private static Command CreateClip()
    {
        var vocabulary = VocabularyOption("The file bpe_simple_vocab_16e6.txt.gz of OpenAI's CLIP, compressed or not.");
        var special = SpecialOption("Put <|startoftext|> (49406) before and <|endoftext|> (49407) after the ids.");
        var command = new Command("clip", "Byte pair encoding, as OpenAI's SimpleTokenizer without ftfy's repairs.") { vocabulary, special };
        command.SetAction(parsed =>
        {
            var tokenizer = ClipBytePairEncoding.Load(parsed.GetRequiredValue(vocabulary));
            Run(parsed.GetValue(special) ? text => tokenizer.EncodeWithSpecials(text) : tokenizer.Encode);
        });
        return command;
    }

    private static Option<string> VocabularyOption(string description) => new("--vocab") { Description = description, Required = true, HelpName = "FILE" };

    private static Option<bool> SpecialOption(string description) => new("--special") { Description = description };

    private static void Run(Func<string, IReadOnlyList<int>> encode)
    {
        using var output = new BufferedStream(Console.OpenStandardOutput(), 1 << 16);
        var reader = new JsonStringReader(Console.OpenStandardInput(), "standard input");
        reader.Waiting += output.Flush;
        while (reader.Read() is { } text)
        {
            Write(output, encode(text));
        }
    }

    private static void Write(Stream output, IReadOnlyList<int> ids)
    {
        Span<byte> number = stackalloc byte[11];
        output.WriteByte((byte)'[');
        for (var i = 0; i < ids.Count; i++)
        {
            if (i > 0)
            {
                output.WriteByte((byte)',');
            }

            Utf8Formatter.TryFormat(ids[i], number, out var length);
            output.Write(number[..length]);
        }

        output.Write("]\n"u8);
    }
}
