using System.Diagnostics;
using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Wire;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

[Collection(KernelCollection.Name)]
public class InputTests(SharedKernel kernel)
{
    [Fact]
    public void Reading_the_console_asks_the_front_end()
    {
        var id = kernel.Client.SendCell("Console.Write(\"name? \"); var line = Console.ReadLine(); $\"hello {line}\"", allowInput: true);
        var request = Answer("Ada");
        Assert.Equal(id, KernelClient.Parent(request));
        var result = kernel.Client.Finish(id);
        Assert.Equal(("hello Ada", "name? "), (result.Text, result.Stdout));
    }

    [Fact]
    public void A_cell_can_ask_with_a_prompt_and_for_a_password()
    {
        var id = kernel.Client.SendCell("await GetInputAsync(\"first\") + \" \" + (await GetPasswordAsync(\"second\")).GetClearTextPassword()", allowInput: true);
        var (first, second) = (Answer("a").Content, Answer("b").Content);
        Assert.Equal(("first", false), ((string?)first["prompt"], (bool?)first["password"]));
        Assert.Equal(("second", true), ((string?)second["prompt"], (bool?)second["password"]));
        Assert.Equal("a b", kernel.Client.Finish(id).Text);
    }

    [Fact]
    public void A_front_end_that_cannot_be_asked_makes_it_an_error()
    {
        var result = kernel.Client.Run("Console.ReadLine()");
        Assert.Equal("error", result.Status);
        Assert.Contains("allow_stdin", result.ErrorMessage);
    }

    [Fact]
    public void A_question_can_be_interrupted_and_its_late_answer_is_not_taken_for_another()
    {
        var id = kernel.Client.SendCell("await GetInputAsync(\"old\")", allowInput: true);
        var old = Question();
        kernel.Client.Send(kernel.Client.Control, "interrupt_request", []);
        Assert.Equal("KeyboardInterrupt", kernel.Client.Finish(id).ErrorName);
        kernel.Client.Stdin.Send([], "input_reply", old.RawHeader, new JsonObject { ["value"] = "stale" });

        var next = kernel.Client.SendCell("await GetInputAsync(\"new\")", allowInput: true);
        Answer("fresh");
        Assert.Equal("fresh", kernel.Client.Finish(next).Text);
    }

    private Message Answer(string value)
    {
        var request = Question();
        kernel.Client.Stdin.Send([], "input_reply", request.RawHeader, new JsonObject { ["value"] = value });
        return request;
    }

    private Message Question()
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < KernelClient.Patience;)
        {
            if (kernel.Client.Stdin.Receive() is { Type: "input_request" } request)
                return request;
        }

        throw new TimeoutException("no input_request came");
    }
}
