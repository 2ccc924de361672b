using System.Diagnostics;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

[Collection(KernelCollection.Name)]
public class InterruptTests(SharedKernel kernel)
{
    /// <summary>What a cell says just before the statement that is to be interrupted.</summary>
    private const string AtWork = "Console.WriteLine(\"at work\");";

    [Theory]
    [InlineData("System.Threading.Thread.Sleep(-1);")]
    [InlineData("while (true) { }")]
    [InlineData("for (long i = 0; ; i++) { Math.Sqrt(i); }")]
    [InlineData("new TaskCompletionSource().Task.Wait();")]
    [InlineData("while (true) { Console.Write('.'); System.Threading.Thread.Sleep(5); }")]
    [InlineData("try { while (true) { } } catch (Exception) { }\nwhile (true) { }")]
    [InlineData("await Task.Delay(-1, Microsoft.DotNet.Interactive.KernelInvocationContext.Current.CancellationToken);")]
    public void An_interrupt_ends_the_cell_and_leaves_the_kernel_at_work(string code)
    {
        kernel.Client.Succeed("var survives = 42;");
        var result = Interrupt($"{AtWork}\n{code}");
        Assert.Equal(("error", "KeyboardInterrupt", "the cell was interrupted"), (result.Status, result.ErrorName, result.ErrorMessage));
        Assert.Equal("42", kernel.Client.Succeed("survives").Text);
    }

    // What a cell computes in loops, lambdas and functions of its own ends, though it never prints nor waits.
    [Theory]
    [InlineData("Enumerable.Range(0, 2000000000).Select(x => (long)x * x % 7).Sum();")]
    [InlineData("while (true) { var a = Enumerable.Range(0, 1000000).Select(i => (i * 7919) % 1000003).OrderBy(x => x).ToArray(); }")]
    [InlineData("long Fib(int n) => n < 2 ? n : Fib(n - 1) + Fib(n - 2);\nFib(80);")]
    [InlineData("System.Threading.Tasks.Parallel.For(0, 2000000000, i => { for (var k = 0; k < 100; k++) { Math.Sqrt(k); } });")]
    [InlineData("for (var i = 0; ; i++) { await Task.Delay(20); }")]
    public void So_it_does_each_time_where_the_cell_computes(string code)
    {
        for (var time = 0; time < 3; time++)
        {
            var result = Interrupt($"{AtWork}\n{code}");
            Assert.Equal(("KeyboardInterrupt", "the cell was interrupted"), (result.ErrorName, result.ErrorMessage));
        }

        Assert.False(kernel.Process.HasExited);
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
    }

    [Fact]
    public void A_cells_functions_work_again_after_it_was_stopped()
    {
        Interrupt($"int Twice(int x) => 2 * x;\n{AtWork}\nwhile (true) {{ Twice(1); }}");
        Assert.Equal("14", kernel.Client.Succeed("Twice(7)").Text);
    }

    [Fact]
    public void A_library_that_computes_is_left_behind()
    {
        var result = Interrupt($"{AtWork}\nEnumerable.Range(0, 2000000000).Where(int.IsEvenInteger).Sum(Convert.ToInt64);");
        Assert.Equal("KeyboardInterrupt", result.ErrorName);
        Assert.Contains("does not stop", result.ErrorMessage);
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
    }

    [Fact]
    public void A_cell_can_watch_for_the_interrupt_and_tidy_up()
    {
        Interrupt($"using Microsoft.DotNet.Interactive;\nvar steps = 0;\n{AtWork}\n" + "try { while (!KernelInvocationContext.Current.CancellationToken.IsCancellationRequested) { System.Threading.Thread.Sleep(5); } KernelInvocationContext.Current.CancellationToken.ThrowIfCancellationRequested(); }\nfinally { steps = 7; }");
        Assert.Equal("7", kernel.Client.Succeed("steps").Text);
    }

    [Fact]
    public void Code_that_cannot_be_stopped_is_left_behind()
    {
        var result = Interrupt($$"""
            [System.Runtime.InteropServices.DllImport("libc")] static extern int pipe(int[] ends);
            [System.Runtime.InteropServices.DllImport("libc")] static extern nint read(int end, byte[] into, nint count);
            var ends = new int[2];
            pipe(ends);
            var before = 5;
            {{AtWork}}
            read(ends[0], new byte[1], 1);
            """);
        Assert.Equal("KeyboardInterrupt", result.ErrorName);
        Assert.Contains("restart the kernel", result.ErrorMessage);
        Assert.Equal("5", kernel.Client.Succeed("before").Text);
    }

    [Fact]
    public void What_a_cell_awaits_is_left_to_itself_and_no_longer_heard()
    {
        var id = Interrupt($"{AtWork}\n" + "await Task.Delay(-1);");
        Assert.Equal("KeyboardInterrupt", id.ErrorName);
        Assert.Contains("awaiting", id.ErrorMessage);
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
    }

    [Fact]
    public void A_signal_interrupts_as_a_message_does()
    {
        var id = kernel.Client.SendCell($"{AtWork}\nSystem.Threading.Thread.Sleep(-1);");
        WaitUntilAtWork(id);
        kernel.Process.Signal("INT");
        Assert.Equal("KeyboardInterrupt", kernel.Client.Finish(id).ErrorName);
    }

    [Fact]
    public void Without_a_running_cell_an_interrupt_does_nothing()
    {
        kernel.Process.Signal("INT");

        // A signal is not answered: long enough for it to have come before the next cell does.
        Thread.Sleep(1000);
        var id = kernel.Client.Send(kernel.Client.Control, "interrupt_request", []);
        Assert.Equal("ok", (string?)kernel.Client.Reply(kernel.Client.Control, id).Content["status"]);
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
    }

    // The cell is compiled, and stands before the statement that is to be interrupted; a moment later it is in it.
    private void WaitUntilAtWork(string id)
    {
        kernel.Client.Next("stream", id);
        Thread.Sleep(400);
    }

    private CellResult Interrupt(string code)
    {
        var id = kernel.Client.SendCell(code);
        WaitUntilAtWork(id);
        var interrupt = kernel.Client.Send(kernel.Client.Control, "interrupt_request", []);
        kernel.Client.Reply(kernel.Client.Control, interrupt);
        var waited = Stopwatch.StartNew();
        var result = kernel.Client.Finish(id);
        Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), $"the interrupt took {waited.Elapsed}");
        return result;
    }
}
