using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Madtp.Kit.Text;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit tokenize</c>: JSON strings in, JSON arrays of ids out, a line each.</summary>
internal static partial class TokenizeVerb
{
    // A backslash, or a surrogate pair; or half of one, which Python writes so and which is no text; both tokenizers are as for
    // U+FFFD then.
    [GeneratedRegex(@"\\\\|\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(?<half>\\u[dD][89a-fA-F]\w\w)")]
    private static partial Regex Escapes();

    public static Command Create()
    {
        var bert = new Verb(
            "bert", "WordPiece, as Hugging Face's BertTokenizer on bert-base-uncased.",
            "echo '\"a dog runs\"' | ./kit tokenize bert --vocab data/toy/vocab.txt");
        var blip = bert.Option<bool>("--blip", "Know BLIP's own tokens [DEC] (30522) and [ENC] (30523) too.");
        AddTo(
            bert, "The file vocab.txt of bert-base-uncased: one token a line.",
            "Put [CLS] (101) before and [SEP] (102) after the ids.",
            (parsed, vocabulary) => BertWordPiece.Load(vocabulary, parsed.GetValue(blip)));
        var clip = new Verb(
            "clip", "Byte pair encoding, as OpenAI's SimpleTokenizer without ftfy's repairs.",
            "echo '\"a dog runs\"' | ./kit tokenize clip --vocab bpe_simple_vocab_16e6.txt.gz");
        AddTo(
            clip, "The file bpe_simple_vocab_16e6.txt.gz of OpenAI's CLIP, compressed or not.",
            "Put <|startoftext|> (49406) before and <|endoftext|> (49407) after the ids.",
            (_, vocabulary) => ClipBytePairEncoding.Load(vocabulary));
        return new Verb(
            "tokenize", "Read one JSON string a line from standard input and print its token ids as one JSON array a line.",
            bert.Examples[0])
        {
            bert, clip,
        };
    }

    private static void AddTo(
        Verb verb, string vocabularyIs, string specialDoes, Func<ParseResult, string, TextTokenizer> load)
    {
        var vocabulary = verb.Option<string>("--vocab", vocabularyIs, "FILE", required: true);
        var special = verb.Option<bool>("--special", specialDoes);
        verb.SetAction(parsed =>
        {
            var tokenizer = load(parsed, parsed.GetRequiredValue(vocabulary));
            Run(parsed.GetValue(special) ? text => tokenizer.EncodeWithSpecials(text) : tokenizer.Encode);
        });
    }

    private static void Run(Func<string, IReadOnlyList<int>> encode)
    {
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true, NewLine = "\n" };
        using var input = new StreamReader(Console.OpenStandardInput(), Encoding.Latin1, false); // a character a byte
        for (var line = 1; input.ReadLine() is { } json; line++)
        {
            string text;
            try
            {
                var marked = line == 1 && json.StartsWith("\u00EF\u00BB\u00BF", StringComparison.Ordinal); // a byte order mark
                var whole = Escapes().Replace(
                    marked ? json[3..] : json, match => match.Groups["half"].Success ? "\\ufffd" : match.Value);
                text = JsonSerializer.Deserialize<string>(Encoding.Latin1.GetBytes(whole)) ?? throw new JsonException();
            }
            catch (JsonException e)
            {
                throw new InvalidDataException(
                    $"standard input, line {line}: not a JSON string in UTF-8; every line holds one, such as \"two dogs\"", e);
            }

            output.WriteLine($"[{string.Join(',', encode(text))}]"); // at once: whoever asks line by line waits for each answer
        }
    }
}
