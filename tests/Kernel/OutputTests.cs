using System.Diagnostics;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

[Collection(KernelCollection.Name)]
public class OutputTests(SharedKernel kernel)
{
    [Fact]
    public void Printed_text_arrives_on_its_stream()
    {
        var result = kernel.Client.Succeed("Console.WriteLine(\"out\"); Console.Error.Write(\"err\"); Console.Write(1.5); Console.Write('c');");
        Assert.Equal(("out\n1.5c", "err"), (result.Stdout, result.Stderr));
    }

    [Fact]
    public void Text_leaves_while_the_cell_still_runs()
    {
        var id = kernel.Client.SendCell("Console.WriteLine(\"early\"); System.Threading.Thread.Sleep(1500); Console.WriteLine(\"late\");");
        kernel.Client.Next("execute_input", id);
        var early = kernel.Client.Next("stream", id);
        Assert.Equal("early\n", (string?)early.Content["text"]);
        var waited = Stopwatch.StartNew();
        var result = kernel.Client.Finish(id);
        Assert.Equal("late\n", result.Stdout);
        Assert.True(waited.Elapsed > TimeSpan.FromSeconds(1), "the first line came only with the last");
    }

    [Fact]
    public void Many_small_prints_make_few_messages_and_lose_nothing()
    {
        var result = kernel.Client.Succeed("for (var i = 0; i < 20_000; i++) { Console.Write(i); Console.Write(' '); }");
        Assert.Equal(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i} ")), result.Stdout);
        Assert.InRange(result.Of("stream").Count(), 1, 500);
    }

    [Fact]
    public void Prints_and_displays_keep_their_order()
    {
        var result = kernel.Client.Succeed("Console.Write(1); display(2); Console.Error.Write(3); Console.Write(4); display(5); 6");
        Assert.Equal(["stream", "display_data", "stream", "stream", "display_data", "execute_result"], result.Broadcasts.Select(each => each.Type).Where(type => type is not ("status" or "execute_input")));
    }

    [Fact]
    public void What_a_background_thread_prints_later_belongs_to_its_own_cell()
    {
        var first = kernel.Client.Succeed("""
            var release = new System.Threading.ManualResetEventSlim();
            _ = Task.Run(async () => { release.Wait(); await Task.Yield(); Console.WriteLine("from the first"); });
            new System.Threading.Thread(() => { release.Wait(); Console.Error.WriteLine("thread of the first"); }).Start();
            """);
        kernel.Client.Succeed("release.Set(); System.Threading.Thread.Sleep(300); Console.WriteLine(\"from the second\");");
        var texts = new[] { kernel.Client.Next("stream", first.Id), kernel.Client.Next("stream", first.Id) }.Select(each => (string?)each.Content["text"]).Order();
        Assert.Equal(["from the first\n", "thread of the first\n"], texts);
    }

    [Fact]
    public void Characters_beyond_the_basic_plane_are_never_cut()
    {
        var result = kernel.Client.Succeed("Console.Write(\"\\ud83d\"); System.Threading.Thread.Sleep(200); Console.Write(\"\\ude00\"); Console.Write(\"é…\");");
        Assert.Equal("😀é…", result.Stdout);
    }

    [Fact]
    public void Half_a_character_alone_does_no_harm()
    {
        Assert.Equal("ok", kernel.Client.Run("Console.Write(\"a\\ud83d\"); Console.Write(\"b\");").Status);
        Assert.Equal("ok", kernel.Client.Run("\"x\\udc00\"").Status);
    }

    [Fact]
    public void Every_message_of_a_cell_names_the_request_and_stands_between_busy_and_idle()
    {
        var result = kernel.Client.Succeed("Console.Write(1); display(2); 3");
        Assert.All(result.Broadcasts, each => Assert.Equal(result.Id, KernelClient.Parent(each)));
        Assert.Equal("busy", (string?)result.Broadcasts[0].Content["execution_state"]);
        Assert.Equal("idle", (string?)result.Broadcasts[^1].Content["execution_state"]);
        Assert.Equal(2, result.Of("status").Count());
    }
}
