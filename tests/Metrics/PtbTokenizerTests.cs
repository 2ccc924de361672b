using System.Text.Json;
using Madtp.Kit.Metrics;
using Xunit;

namespace Madtp.Kit.Tests.Metrics;

[Collection(nameof(PtbTokenizerTests))]
public class PtbTokenizerTests
{
    [Theory]
    [InlineData("A man isn't here; it's \"gone\".", "a man is n't here ; it 's `` gone '' .")]
    [InlineData("I can't, you won't, they cannot.", "i ca n't , you wo n't , they can not .")]
    [InlineData("a (small) [tabby] {cat}", "a -lrb- small -rrb- -lsb- tabby -rsb- -lcb- cat -rcb-")]
    [InlineData("5 o'clock, 12:45 p.m. at AT&T", "5 o'clock , 12:45 p.m. at at&t")]
    [InlineData("$37,000.50 or 50% #1 @ home", "$ 37,000.50 or 50 % # 1 @ home")]
    [InlineData("a half-eaten sandwich/burger 1/2 off!!", "a half-eaten sandwich/burger 1/2 off !!")]
    [InlineData("the 'walk' sign... kids' play", "the ` walk ' sign ... kids ' play")]
    [InlineData("Mr. Smith and Dr. Jones vs. the U.S. team", "mr. smith and dr. jones vs. the u.s. team")]
    [InlineData("made in the U.S.A.", "made in the u.s.a.")]
    [InlineData("cafés & crème-brûlée", "cafés & crème-brûlée")]
    [InlineData("see www.example.com or mail a.b@c.org", "see www.example.com or mail a.b@c.org")]
    [InlineData("dogs\U0001F436 run", "dogs run")]
    [InlineData("A Ph.D. student", "a ph.d. student")]
    [InlineData("it is \u2018great\u2019\u201D here", "it is ` great ''' here")]
    [InlineData("see www.com/abc.defghij now", "see www.com/abc.defghij now")]
    [InlineData("an AT&T., sign", "an at&t. , sign")]
    [InlineData("ACME MFG. sign, Mfg. sign", "acme mfg . sign , mfg. sign")]
    [InlineData("\u2019Twas a dog, 'twas", "' twas a dog , 'twas")]
    [InlineData("\u039F\u0394\u039F\u03A3 \u0130stanbul", "\u03BF\u03B4\u03BF\u03C2 i\u0307stanbul")]
    [InlineData("a.k.a.k. sign", "a.k.a.k. sign")]
    [InlineData("", "")]
    public void Text_is_split_as_the_Treebank_does(string caption, string expected)
        => Assert.Equal(expected, string.Join(' ', PtbTokenizer.TokenizeRaw([caption])[0]));

    [Fact]
    public void An_abbreviation_at_a_lines_end_looks_at_the_next_line()
    {
        Assert.Equal(["at", "5", "p.m.", "."], PtbTokenizer.TokenizeRaw(["at 5 p.m.", "The man"])[0]);
        Assert.Equal(["at", "5", "p.m."], PtbTokenizer.TokenizeRaw(["at 5 p.m.", "a man"])[0]);
        Assert.Equal(["red", "blue", "etc.", "."], PtbTokenizer.TokenizeRaw(["red, blue etc."])[0].Where(token => token != ","));
    }

    // Each of these took time by the square of its length: rules that look far ahead did so again from each place.
    [Theory]
    [InlineData("&")]
    [InlineData("a,")]
    [InlineData("a&")]
    [InlineData("www.a.b/")]
    [InlineData("www.a.b..")]
    [InlineData("~a.b")]
    [InlineData("<!a")]
    [InlineData("\U0001F436")]
    [InlineData("word")]
    [InlineData("w\u00f6rd")]
    [InlineData("<a       ")]
    public void Time_is_linear_in_the_text(string unit)
    {
        var text = string.Concat(Enumerable.Repeat(unit, 200_000 / unit.Length)) + (unit.Contains('&') ? "@" : "");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        PtbTokenizer.TokenizeRaw([text]);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 10);
    }

    // Where a rule is not tried again, what it would have found further on is still found.
    [Theory]
    [InlineData("a,b,c-d,e f-g", "a,b,c-d , e f-g")]
    [InlineData("&&&..a.com &x@y.z&", "& & & . . a.com & x@y.z&")]
    [InlineData("www.a.b/www.ab.cd www.com/x", "www.a.b/www.ab.cd www.com / x")]
    [InlineData("a..b.org c@ d@e", "a. . b.org c @ d@e")]
    [InlineData("<!a <b> <!c> </d >", "<!a\u00a0<b> <!c> </d\u00a0>")]
    public void Looking_ahead_in_vain_hides_nothing(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', PtbTokenizer.TokenizeRaw([text])[0]));

    [Fact]
    public void Every_caption_has_its_line()
    {
        Assert.Equal(["a b", "", "", "c dog"], PtbTokenizer.Tokenize(["a\nb", "", "...", "c\u2028dog."]));
        Assert.Empty(PtbTokenizer.Tokenize([]));
    }

    [Fact]
    public void Every_reference_line_is_exact()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(KitPaths.Shared("data", "caption_eval", "ptb_tokens.json")));
        string[] Column(string name) => [.. document.RootElement.EnumerateArray().Select(item => item.GetProperty(name).GetString()!)];
        var texts = Column("text");
        Assert.True(texts.Length > 100);
        Assert.Equal(Column("ptb_alone"), texts.Select(text => string.Join(' ', PtbTokenizer.TokenizeRaw([text])[0])));
        Assert.Equal(Column("ptb"), PtbTokenizer.TokenizeRaw(texts).Select(line => string.Join(' ', line)));
        Assert.Equal(Column("final"), PtbTokenizer.Tokenize(texts));
    }
}
