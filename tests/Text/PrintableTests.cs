using Madtp.Kit.Text;
using Xunit;

namespace Madtp.Kit.Tests.Text;

public class PrintableTests
{
    [Theory]
    [InlineData("visual.proj", "'visual.proj'")]
    [InlineData("caf\u00e9 \U0001F436 \u5b57", "'caf\u00e9 \U0001F436 \u5b57'")]
    [InlineData("\u001b[2J\r\n\t\0\u007f\u009b", "'\\u001b[2J\\u000d\\u000a\\u0009\\u0000\\u007f\\u009b'")]
    [InlineData("a\u202eb\u2028c", "'a\\u202eb\\u2028c'")]
    public void What_would_move_a_terminal_is_escaped(string text, string shown) => Assert.Equal(shown, Printable.Quoted(text));

    [Fact]
    public void A_long_text_is_cut_at_a_hundred_characters()
    {
        Assert.Equal("half \ufffd", Printable.Shown("half \ud83d"));
        Assert.Equal(new string('x', 100), Printable.Shown(new string('x', 100)));
        Assert.Equal(new string('x', 100) + "\u2026", Printable.Shown(new string('x', 1000)));
        Assert.Equal(new string('x', 99) + "\u2026", Printable.Shown(new string('x', 99) + "\U0001F436"));
    }
}
