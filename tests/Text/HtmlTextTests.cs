using Madtp.Kit.Text;
using Xunit;

namespace Madtp.Kit.Tests.Text;

public class HtmlTextTests
{
    [Theory]
    [InlineData("a &amp; b &lt;c&gt;", "a & b <c>")]
    [InlineData("&notit; &notin;", "¬it; ∉")]
    [InlineData("&nbsp&eacutex", "\u00A0éx")]
    [InlineData("&#65;&#x42&#128;&#150;&#0;&#xD800;&#99999999999999999999;&#1;&#13;", "AB€–\uFFFD\uFFFD\uFFFD\r")]
    [InlineData("& &; &# &#x; &#xg &unknown; &", "& &; &# &#x; &#xg &unknown; &")]
    [InlineData("&&amp;", "&&")]
    [InlineData("&amp;amp;", "&amp;")]
    [InlineData("&NotEqualTilde;&fjlig;", "≂\u0338fj")]
    public void References_are_resolved_as_Python_does(string text, string expected) => Assert.Equal(expected, HtmlText.Unescape(text));
}
