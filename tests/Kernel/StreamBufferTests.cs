using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Kernel.Output;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

public class StreamBufferTests
{
    private static readonly byte[] First = [1], Second = [2];

    [Fact]
    public void Text_of_one_stream_and_cell_gathers_and_a_change_of_either_begins_anew()
    {
        var buffer = new StreamBuffer();
        buffer.Append("stdout", First, "a");
        buffer.Append("stdout", First, "b");
        buffer.Append("stderr", First, "c");
        buffer.Append("stdout", First, "d");
        buffer.Append("stdout", Second, "e");
        Assert.Equal([("stdout", "ab"), ("stderr", "c"), ("stdout", "d"), ("stdout", "e")], buffer.Take(all: false).Select(each => (each.Stream, each.Text)));
        Assert.Empty(buffer.Take(all: true));
    }

    [Fact]
    public void Whenever_it_is_emptied_no_text_is_lost_or_reordered() => Prop.ForAll<string[], bool[]>((texts, takes) =>
    {
        var buffer = new StreamBuffer();
        var taken = "";
        for (var i = 0; i < texts.Length; i++)
        {
            buffer.Append("stdout", First, texts[i] ?? "");
            taken += i < takes.Length && takes[i] ? Drain(buffer) : "";
        }

        return taken + Drain(buffer, all: true) == string.Concat(texts);
    }).Check(Config.QuickThrowOnFailure.WithReplay(3, 5));

    [Fact]
    public void A_pair_is_not_cut_between_two_takes()
    {
        var buffer = new StreamBuffer();
        buffer.Append("stdout", First, "x\ud83d");
        Assert.Equal("x", Drain(buffer));
        Assert.Equal("", Drain(buffer));
        buffer.Append("stdout", First, "\ude00y");
        Assert.Equal("😀y", Drain(buffer));
        buffer.Append("stdout", First, "\ud83d");
        Assert.Equal("\ud83d", Drain(buffer, all: true));
    }

    private static string Drain(StreamBuffer buffer, bool all = false) => string.Concat(buffer.Take(all).Select(each => each.Text));
}
