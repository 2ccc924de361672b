using System.Text;
using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Wire;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

[Collection(KernelCollection.Name)]
public class ProtocolTests(SharedKernel kernel)
{
    [Fact]
    public void The_kernel_tells_what_it_is_on_both_channels()
    {
        foreach (var channel in new[] { kernel.Client.Shell, kernel.Client.Control })
        {
            var info = kernel.Client.Reply(channel, kernel.Client.Send(channel, "kernel_info_request", [])).Content;
            Assert.Equal(("ok", "5.3", "C#", ".cs"), ((string?)info["status"], (string?)info["protocol_version"], (string?)info["language_info"]!["name"], (string?)info["language_info"]!["file_extension"]));
        }
    }

    [Fact]
    public void A_message_with_a_wrong_signature_is_dropped()
    {
        using var stranger = new KernelClient("not the key", kernel.Process.Ports);
        stranger.SendCell("var stolen = 1;");
        Assert.True(kernel.Process.Logged("signature does not match"));
        Assert.Equal("CompilationError", kernel.Client.Run("stolen").ErrorName);
    }

    [Fact]
    public void A_message_sent_twice_is_taken_once()
    {
        kernel.Client.Succeed("var runs = 0;");
        var frames = Signed("execute_request", new JsonObject { ["code"] = "runs++;", ["silent"] = false });
        kernel.Client.Shell.Socket.Send(frames);
        kernel.Client.Shell.Socket.Send(frames);
        Assert.True(kernel.Process.Logged("a replay"));
        Assert.Equal("1", kernel.Client.Succeed("runs").Text);
    }

    [Fact]
    public void Malformed_messages_do_no_harm()
    {
        var key = new MessageSigner(kernel.Process.Key);
        byte[] empty = Encoding.UTF8.GetBytes("{}"), broken = Encoding.UTF8.GetBytes("{\"a\":"), list = Encoding.UTF8.GetBytes("[]"), delimiter = Encoding.UTF8.GetBytes("<IDS|MSG>");
        kernel.Client.Shell.Socket.Send([delimiter]);
        kernel.Client.Shell.Socket.Send([empty, empty]);
        kernel.Client.Shell.Socket.Send([delimiter, key.Sign(broken, empty, empty, empty), broken, empty, empty, empty]);
        kernel.Client.Shell.Socket.Send([delimiter, key.Sign(empty, list, empty, empty), empty, list, empty, empty]);
        kernel.Client.Shell.Socket.Send([delimiter, key.Sign(empty, empty, empty, broken), empty, empty, empty, broken]);
        kernel.Client.Shell.Socket.Send(Signed("no_such_request", new JsonObject()));
        kernel.Client.Shell.Socket.Send(Signed("execute_request", new JsonObject { ["code"] = 5, ["silent"] = "yes", ["user_expressions"] = "none" }));
        kernel.Client.Shell.Socket.Send(Signed("complete_request", new JsonObject { ["code"] = "x", ["cursor_pos"] = -5 }));
        kernel.Client.Shell.Socket.Send(Signed("complete_request", new JsonObject { ["code"] = "", ["cursor_pos"] = 99 }));
        kernel.Client.Shell.Socket.Send(Signed("inspect_request", new JsonObject { ["code"] = "", ["cursor_pos"] = 99 }));
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
    }

    // Each is signed with the right key, and each once ended the thread that read it, while the heart went on beating.
    [Fact]
    public void Headers_that_are_no_text_or_say_things_twice_are_dropped_on_every_channel()
    {
        var key = new MessageSigner(kernel.Process.Key);
        byte[] empty = Encoding.UTF8.GetBytes("{}"), delimiter = Encoding.UTF8.GetBytes("<IDS|MSG>");
        byte[][] headers =
        [
            Encoding.UTF8.GetBytes("{\"msg_id\": \"1\", \"msg_type\": \"execute_request\\ud800\"}"),
            Encoding.UTF8.GetBytes("{\"msg_id\": \"\\udc00\", \"msg_type\": \"kernel_info_request\"}"),
            Encoding.UTF8.GetBytes("{\"\\ud800\": 1, \"msg_type\": \"kernel_info_request\"}"),
            Encoding.Latin1.GetBytes("{\"msg_id\": \"1\", \"msg_type\": \"\u00e9\"}"),
            Encoding.UTF8.GetBytes("{\"msg_id\": \"1\", \"msg_type\": \"kernel_info_request\", \"msg_type\": \"kernel_info_request\"}"),
        ];
        foreach (var channel in new[] { kernel.Client.Shell, kernel.Client.Control })
        {
            foreach (var header in headers)
            {
                channel.Socket.Send([delimiter, key.Sign(header, empty, empty, empty), header, empty, empty, empty]);
                channel.Socket.Send([delimiter, key.Sign(empty, header, empty, header), empty, header, empty, header]);
            }

            Assert.Equal("ok", (string?)kernel.Client.Reply(channel, kernel.Client.Send(channel, "kernel_info_request", [])).Content["status"]);
        }

        Assert.True(kernel.Process.Logged("a message was dropped: its JSON is broken"));
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
    }

    [Theory]
    [InlineData("{\"code\": \"1 + \\ud83d\", \"silent\": false}")]
    [InlineData("{\"code\": \"// \u00e9\", \"silent\": false}")]
    public void A_cell_with_half_a_character_shows_its_error(string json)
    {
        byte[] content = Encoding.Latin1.GetBytes(json), empty = Encoding.UTF8.GetBytes("{}"), delimiter = Encoding.UTF8.GetBytes("<IDS|MSG>");
        var id = Guid.NewGuid().ToString("N");
        var header = Encoding.UTF8.GetBytes($"{{\"msg_id\": \"{id}\", \"msg_type\": \"execute_request\", \"session\": \"s\", \"username\": \"u\", \"version\": \"5.3\"}}");
        kernel.Client.Shell.Socket.Send([delimiter, new MessageSigner(kernel.Process.Key).Sign(header, empty, empty, content), header, empty, empty, content]);
        var result = kernel.Client.Finish(id);
        Assert.Equal("error", result.Status);
        Assert.Contains("half of a character", result.Trace);
        Assert.Contains("half of a character", (string?)Assert.Single(result.Of("error")).Content["evalue"]);
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
    }

    [Fact]
    public void A_request_of_unknown_type_is_refused_and_other_messages_pass()
    {
        foreach (var channel in new[] { kernel.Client.Shell, kernel.Client.Control })
        {
            var id = kernel.Client.Send(channel, "no_such_request", []);
            var reply = kernel.Client.Reply(channel, id);
            Assert.Equal(("no_such_reply", "error"), (reply.Type, (string?)reply.Content["status"]));
            Assert.Contains("no_such_request", (string?)reply.Content["evalue"]);
            Assert.Equal(["busy", "idle"], kernel.Client.BroadcastsOf(id).Select(each => (string?)each.Content["execution_state"]));
        }

        var message = kernel.Client.Send(kernel.Client.Shell, "comm_msg", new JsonObject { ["comm_id"] = "w1" });
        Assert.Equal(["busy", "idle"], kernel.Client.BroadcastsOf(message).Select(each => (string?)each.Content["execution_state"]));
    }

    [Fact]
    public void What_cannot_be_handled_behind_a_failed_cell_does_not_answer_the_cell_again()
    {
        var id = kernel.Client.SendCell("System.Threading.Thread.Sleep(300); throw new Exception(\"failed\");");
        byte[] content = Encoding.UTF8.GetBytes("{\"code\": \"1 + \\ud83d\", \"cursor_pos\": 1}");
        kernel.Client.Shell.Socket.Send(Signed("inspect_request", content));
        var result = kernel.Client.Finish(id);
        Assert.Equal("failed", result.ErrorMessage);
        Assert.Single(result.Of("error"));
        var next = kernel.Client.SendCell("1 + 1");
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); waited.Elapsed < KernelClient.Patience;)
        {
            if (kernel.Client.Shell.Receive() is not { } reply)
                continue;

            Assert.NotEqual(id, KernelClient.Parent(reply));
            if (KernelClient.Parent(reply) == next)
                break;
        }
    }

    [Fact]
    public void The_heart_beats_even_while_a_cell_runs()
    {
        var id = kernel.Client.SendCell("System.Threading.Thread.Sleep(500);");
        kernel.Client.Heartbeat.Send([Encoding.UTF8.GetBytes("ping")]);
        Assert.Equal("ping", Encoding.UTF8.GetString(kernel.Client.Heartbeat.Receive()![0]));
        Assert.Equal("ok", kernel.Client.Finish(id).Status);
    }

    [Fact]
    public void Widgets_are_declined_at_once()
    {
        Assert.Empty(kernel.Client.Ask("comm_info_request", [])["comms"]!.AsObject());
        var id = kernel.Client.Send(kernel.Client.Shell, "comm_open", new JsonObject { ["comm_id"] = "w1", ["target_name"] = "jupyter.widget", ["data"] = new JsonObject() });
        Assert.Equal("w1", (string?)kernel.Client.Next("comm_close", id).Content["comm_id"]);
    }

    [Fact]
    public void History_is_found_by_range_and_pattern()
    {
        var count = kernel.Client.Succeed("/*needle*/ 1").Count;
        var found = kernel.Client.Ask("history_request", new JsonObject { ["hist_access_type"] = "search", ["pattern"] = "*needle*", ["output"] = false, ["raw"] = true })["history"]!;
        Assert.Equal(count, (int?)found[0]![1]);
        var again = kernel.Client.Succeed("/*needle*/ 1").Count;
        JsonArray Found(bool unique) => kernel.Client.Ask("history_request", new JsonObject { ["hist_access_type"] = "search", ["pattern"] = "/?needle*", ["unique"] = unique })["history"]!.AsArray();
        Assert.Equal([count, again], Found(unique: false).Select(each => (int)each![1]!));
        Assert.Equal([again], Found(unique: true).Select(each => (int)each![1]!));
        var range = kernel.Client.Ask("history_request", new JsonObject { ["hist_access_type"] = "range", ["session"] = 0, ["start"] = count, ["stop"] = count + 1, ["output"] = true, ["raw"] = true })["history"]!;
        Assert.Equal("/*needle*/ 1", (string?)range[0]![2]![0]);
    }

    [Fact]
    public void Several_hundred_cells_stay_quick()
    {
        for (var i = 0; i < 200; i++)
            kernel.Client.Succeed($"var chain{i} = {(i == 0 ? "0" : $"chain{i - 1} + 1")};");

        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal("199", kernel.Client.Succeed("chain199").Text);
        TestContext.Current.TestOutputHelper?.WriteLine($"the cell after 200 others took {clock.Elapsed.TotalMilliseconds:F0} ms");
    }

    private List<byte[]> Signed(string type, JsonObject content) => Signed(type, Encoding.UTF8.GetBytes(content.ToJsonString()));

    private List<byte[]> Signed(string type, byte[] body)
    {
        var header = Encoding.UTF8.GetBytes(new JsonObject { ["msg_id"] = Guid.NewGuid().ToString("N"), ["msg_type"] = type, ["session"] = "s", ["username"] = "u", ["version"] = "5.3" }.ToJsonString());
        byte[] empty = Encoding.UTF8.GetBytes("{}");
        return [Encoding.UTF8.GetBytes("<IDS|MSG>"), new MessageSigner(kernel.Process.Key).Sign(header, empty, empty, body), header, empty, empty, body];
    }
}
