using System.Text.Json;
using Madtp.Kit.Text;
using Xunit;

namespace Madtp.Kit.Tests.Text;

public class BertWordPieceTests
{
    private static readonly BertWordPiece Small = BertWordPiece.Create(
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "dog", "##s", "run", "##ning", "un", "##a", "##ff", "##able", "e", ",", "'", "中", "z", "##z"]);

    [Theory]
    [InlineData("The dogs, running", "the dog ##s , run ##ning")]
    [InlineData("unaffable", "un ##a ##ff ##able")]
    [InlineData("é E\u0301 e\u0300\u0301", "e e e")]
    [InlineData("dog中dog", "dog 中 dog")]
    [InlineData("d\u00ADo\u200Dg\u0000 \uFFFDdog", "dog dog")]
    [InlineData("the\u2028dog\u00A0the\u3000dog\tthe\x1Fdog", "the dog the dog [UNK]")]
    [InlineData("dog's 'the'", "dog ' [UNK] ' the '")]
    [InlineData("[MASK]dog[CLS] [mask]", "[MASK] dog [CLS] [UNK] [UNK] [UNK]")]
    [InlineData("[DEC] the [ENC]", "[DEC] the [ENC]")]
    [InlineData("\u0301 \u0301\u0302", "")]
    [InlineData("  \t\n", "")]
    public void Text_is_split_as_the_definition_says(string text, string expected)
        => Assert.Equal(expected, string.Join(' ', Small.Encode(text).Select(Small.TokenOf)));

    [Fact]
    public void A_word_of_more_than_100_code_points_is_unknown()
    {
        Assert.Equal(100, Small.Encode(new string('z', 100)).Count);
        Assert.Equal([Small.UnknownId], Small.Encode(new string('z', 101)));
        Assert.Equal(100, Small.Encode(new string('z', 100) + "\u0301").Count);
    }

    // Not a case above: an attribute cannot hold a lone surrogate.
    [Fact]
    public void Lone_surrogates_are_dropped() => Assert.Equal(Small.Encode("dog the"), Small.Encode("do\uD800g \uDC00the"));

    [Fact]
    public void Blip_appends_its_two_tokens()
    {
        Assert.Equal(20, Small.DecoderId);
        Assert.Equal(21, Small.EncoderId);
        Assert.Equal(22, Small.VocabularySize);
    }

    [Fact]
    public void Longer_texts_are_cut_before_their_end()
    {
        Assert.Equal([2, 5, 6, 3], Small.EncodeWithSpecials("the dog", 5));
        Assert.Equal([2, 5, 5, 5, 3], Small.EncodeWithSpecials("the the the the", 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Small.EncodeWithSpecials("the", 1));
    }

    [Fact]
    public void Decoding_joins_pieces_and_closes_up_punctuation()
        => Assert.Equal("the dogs, running", Small.Decode(Small.EncodeWithSpecials("the dogs , running")));

    [Fact]
    public void A_vocabulary_with_a_double_or_missing_token_is_refused_by_line()
    {
        Assert.Contains("line 7", Assert.Throws<InvalidDataException>(
            () => BertWordPiece.Create(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "a"], source: "v.txt")).Message);
        Assert.Contains("[MASK]", Assert.Throws<InvalidDataException>(() => BertWordPiece.Create(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])).Message);
    }

    [Fact]
    public void Every_reference_case_is_exact()
    {
        var tokenizer = BertWordPiece.Load(KitPaths.Shared("data", "vocab", "bert-base-uncased-vocab.txt"));
        Assert.Equal((30524, 30522, 30523), (tokenizer.VocabularySize, tokenizer.DecoderId, tokenizer.EncoderId));
        using var document = JsonDocument.Parse(File.ReadAllBytes(KitPaths.Shared("data", "tokenizer_goldens", "bert.json")));
        var count = 0;
        foreach (var item in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            var ids = Ints(item.GetProperty("ids"));
            Assert.True(ids.SequenceEqual(tokenizer.Encode(text)), $"{JsonSerializer.Serialize(text)}: {string.Join(' ', tokenizer.Encode(text))}");
            Assert.Equal(item.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()), ids.Select(tokenizer.TokenOf));
            Assert.Equal(Ints(item.GetProperty("ids_with_special")), tokenizer.EncodeWithSpecials(text));
            if (item.TryGetProperty("truncated35", out var truncated))
                Assert.Equal(Ints(truncated), tokenizer.EncodeWithSpecials(text, 35));

            count++;
        }

        Assert.Equal(document.RootElement.GetProperty("count").GetInt32(), count);
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(id => id.GetInt32())];
}
