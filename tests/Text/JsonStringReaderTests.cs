using System.Text;
using Madtp.Kit.Text;
using Xunit;

namespace Madtp.Kit.Tests.Text;

public class JsonStringReaderTests
{
    [Fact]
    public void Lines_are_read_whatever_their_length()
    {
        var expected = new string('x', 200_000);
        Assert.Equal(["a", expected, "é\n\"\\/😀", "\uD800", "z"], ReadAll($"\"a\"\n \"{expected}\"\r\n\"\\u00e9\\n\\\"\\\\\\/😀\"\n\"\\ud800\"\n\"z\""));
    }

    [Fact]
    public void A_byte_order_mark_is_passed_over() => Assert.Equal(["a", "b"], ReadAll("\uFEFF\"a\"\n\"b\""));

    [Theory]
    [InlineData("\"a\"\n{}\n", "line 2")]
    [InlineData("\"a\"\n\n\"b\"", "line 2")]
    [InlineData("\"a\" \"b\"\n", "line 1")]
    [InlineData("\"a\"\n\"b\n", "line 2")]
    [InlineData("\"a\"\n\"\\q\"\n", "line 2")]
    [InlineData("\"a\"\n\"\\u12\"\n", "line 2")]
    [InlineData("7\n", "line 1")]
    public void A_malformed_line_is_named(string text, string expected)
        => Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => ReadAll(text)).Message);

    [Fact]
    public void Bytes_that_are_no_UTF8_are_named()
        => Assert.Contains("line 1", Assert.Throws<InvalidDataException>(() => ReadAll([(byte)'"', 0xFF, (byte)'"'])).Message);

    private static List<string> ReadAll(string text) => ReadAll(Encoding.UTF8.GetBytes(text));

    private static List<string> ReadAll(byte[] bytes)
    {
        var reader = new JsonStringReader(new MemoryStream(bytes), "input");
        var result = new List<string>();
        while (reader.Read() is { } text)
        {
            result.Add(text);
        }

        return result;
    }
}
