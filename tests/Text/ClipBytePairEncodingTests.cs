using System.Text.Json;
using Madtp.Kit.Text;
using Xunit;

namespace Madtp.Kit.Tests.Text;

public class ClipBytePairEncodingTests
{
    private static readonly ClipBytePairEncoding Small = ClipBytePairEncoding.Create(["t h", "th e</w>", "d o", "do g</w>", "' s</w>", "g g</w>"]);

    [Theory]
    [InlineData("The  DOG", "the</w> dog</w>")]
    [InlineData("dog's", "dog</w> 's</w>")]
    [InlineData("dogg", "do gg</w>")]
    [InlineData("12", "1</w> 2</w>")]
    [InlineData("<|startoftext|>the<|EndOfText|>", "<|startoftext|> the</w> <|endoftext|>")]
    [InlineData("é", "Ã ©</w>")]
    [InlineData("&amp;lt;dog", "<</w> dog</w>")]
    [InlineData("\u0345", "")]
    [InlineData(" \n", "")]
    public void Text_is_split_as_the_definition_says(string text, string expected)
        => Assert.Equal(expected, string.Join(' ', Small.Encode(text).Select(Small.TokenOf)));

    // Not a case above: an attribute cannot hold a lone surrogate.
    [Fact]
    public void A_lone_surrogate_counts_as_the_replacement_character()
        => Assert.Equal(Small.Encode("a\uFFFDb"), Small.Encode("a\uD800b"));

    [Fact]
    public void Longer_texts_are_cut_before_their_end()
    {
        Assert.Equal((520, 518, 519), (Small.VocabularySize, Small.EncodeWithSpecials("")[0], Small.EndId));
        Assert.Equal([518, 513, 515, 519], Small.EncodeWithSpecials("the dog", 5));
        Assert.Equal([518, 513, 513, 513, 519], Small.EncodeWithSpecials("the the the the the", 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Small.EncodeWithSpecials("the", 1));
    }

    [Fact]
    public void Decoding_gives_the_words_back() => Assert.Equal("the dog é ", Small.Decode(Small.Encode("THE dog É")));

    [Fact]
    public void Merges_of_unknown_tokens_are_refused_by_line()
    {
        Assert.Contains("line 3", Assert.Throws<InvalidDataException>(() => ClipBytePairEncoding.Create(["t h", "thx e"], "m.txt")).Message);
        Assert.Contains("line 3", Assert.Throws<InvalidDataException>(() => ClipBytePairEncoding.Create(["t h", "t h"], "m.txt")).Message);
    }

    [Fact]
    public void Every_reference_case_is_exact()
    {
        var tokenizer = ClipBytePairEncoding.Load(KitPaths.Shared("data", "vocab", "bpe_simple_vocab_16e6.txt.gz"));
        Assert.Equal((49408, 49406, 49407), (tokenizer.VocabularySize, tokenizer.EncodeWithSpecials("")[0], tokenizer.EndId));
        using var document = JsonDocument.Parse(File.ReadAllBytes(KitPaths.Shared("data", "tokenizer_goldens", "clip.json")));
        var count = 0;
        foreach (var item in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            var ids = Ints(item.GetProperty("ids"));
            Assert.True(ids.SequenceEqual(tokenizer.Encode(text)), $"{JsonSerializer.Serialize(text)}: {string.Join(' ', tokenizer.Encode(text))}");
            if (item.TryGetProperty("truncated77", out var truncated))
                Assert.Equal(Ints(truncated), tokenizer.EncodeWithSpecials(text, 77));

            count++;
        }

        Assert.Equal(document.RootElement.GetProperty("count").GetInt32(), count);
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(id => id.GetInt32())];
}
