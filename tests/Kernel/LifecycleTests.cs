using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

[Collection(nameof(LifecycleTests))]
public class LifecycleTests(ITestOutputHelper output)
{
    [Fact]
    public void A_shutdown_is_answered_and_ends_the_process()
    {
        using var kernel = new KernelProcess();
        kernel.Client.WaitUntilReady();
        output.WriteLine($"from process start to kernel_info_reply: {kernel.Started.Elapsed.TotalMilliseconds:F0} ms");
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
        output.WriteLine($"from process start to the end of the first cell: {kernel.Started.Elapsed.TotalMilliseconds:F0} ms");

        // A thread that never ends must not hold the process.
        kernel.Client.Succeed("new System.Threading.Thread(() => System.Threading.Thread.Sleep(-1)).Start();");
        var id = kernel.Client.Send(kernel.Client.Control, "shutdown_request", new JsonObject { ["restart"] = true });
        Assert.True((bool?)kernel.Client.Reply(kernel.Client.Control, id).Content["restart"]);
        Assert.True(kernel.WaitForExit(KernelClient.Patience));
        Assert.Equal(0, kernel.ExitCode);
    }

    [Fact]
    public void A_shutdown_is_heard_while_a_cell_runs()
    {
        using var kernel = new KernelProcess();
        kernel.Client.WaitUntilReady();
        var cell = kernel.Client.SendCell("while (true) { }");
        kernel.Client.Next("execute_input", cell);
        kernel.Client.Send(kernel.Client.Control, "shutdown_request", new JsonObject { ["restart"] = false });
        Assert.True(kernel.WaitForExit(KernelClient.Patience));
    }

    [Fact]
    public void The_kernel_ends_when_the_process_that_started_it_is_gone()
    {
        using var kernel = new KernelProcess();
        kernel.Client.WaitUntilReady();
        kernel.Signal("TERM");
        Assert.True(kernel.WaitForExit(KernelClient.Patience));

        // The same ports again, by way of a shell that leaves.
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"\"{Kit.Kernel.Execution.DotnetHost.Path}\" \"{typeof(Kit.Kernel.KernelInfo).Assembly.Location}\" \"{kernel.ConnectionFile}\" & echo $!; read line"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var id = int.Parse(shell.StandardOutput.ReadLine()!);
        using var orphan = Process.GetProcessById(id);
        using var client = new KernelClient(kernel.Key, kernel.Ports);
        client.WaitUntilReady();
        shell.StandardInput.WriteLine();
        Assert.True(shell.WaitForExit(KernelClient.Patience));
        Assert.True(orphan.WaitForExit(KernelClient.Patience), "the kernel outlived its parent");
    }

    [Fact]
    public void An_exit_out_of_a_cell_is_said()
    {
        using var kernel = new KernelProcess();
        kernel.Client.WaitUntilReady();
        var cell = kernel.Client.SendCell("Environment.Exit(3);");
        Assert.Contains("a cell called Environment.Exit(3)", (string?)kernel.Client.Next("stream", cell).Content["text"]);
        Assert.True(kernel.WaitForExit(KernelClient.Patience));
        Assert.Equal(3, kernel.ExitCode);
        Assert.False(File.Exists(kernel.ConnectionFile + ".doing"));
    }

    [Fact]
    public void What_ends_a_kernel_at_once_is_said_by_the_next_one()
    {
        using var kernel = new KernelProcess();
        kernel.Client.WaitUntilReady();
        kernel.Client.Succeed("var x = 1;");
        kernel.Client.SendCell("int Deep(int n) => Deep(n + 1) + 1; Deep(0)");
        Assert.True(kernel.WaitForExit(KernelClient.Patience));
        using var next = kernel.Start([kernel.ConnectionFile]);
        using var client = new KernelClient(kernel.Key, kernel.Ports);
        try
        {
            client.WaitUntilReady();
            var cell = client.SendCell("1 + 1");
            var words = (string?)client.Next("stream", cell).Content["text"];
            Assert.Contains("the kernel before this one died while cell 2 ran", words);
            Assert.Equal("ok", client.Finish(cell).Status);
            Assert.DoesNotContain("stream", client.Finish(client.SendCell("1 + 1")).Broadcasts.Select(each => each.Type)); // said once
            client.Send(client.Control, "shutdown_request", new JsonObject { ["restart"] = false });
            Assert.True(next.WaitForExit(KernelClient.Patience));
            Assert.False(File.Exists(kernel.ConnectionFile + ".doing"));
        }
        finally
        {
            next.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public void Of_a_kernel_that_was_killed_while_no_cell_ran_nothing_is_said()
    {
        using var kernel = new KernelProcess();
        kernel.Client.WaitUntilReady();
        kernel.Client.Succeed("var x = 1;");
        kernel.Signal("KILL");
        Assert.True(kernel.WaitForExit(KernelClient.Patience));
        using var next = kernel.Start([kernel.ConnectionFile]);
        using var client = new KernelClient(kernel.Key, kernel.Ports);
        try
        {
            client.WaitUntilReady();
            Assert.Equal("", client.Succeed("1 + 1").Stderr);
        }
        finally
        {
            next.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public void A_removed_working_folder_spoils_no_later_cell()
    {
        using var kernel = new KernelProcess();
        kernel.Client.WaitUntilReady();
        kernel.Client.Succeed("""
            var folder = System.IO.Directory.CreateTempSubdirectory("gone-").FullName;
            Environment.CurrentDirectory = folder;
            System.IO.Directory.Delete(folder);
            """);
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
        Assert.Contains("'none.csx' does not exist", kernel.Client.Run("#load \"none.csx\"").Trace);
        kernel.Client.Ask("complete_request", new JsonObject { ["code"] = "#load \"a", ["cursor_pos"] = 8 });
        kernel.Client.Succeed($"Environment.CurrentDirectory = \"{kernel.Folder}\";");
        Assert.Equal("4", kernel.Client.Succeed("2 + 2").Text);
    }

    [Fact]
    public void Another_address_than_this_machines_own_is_refused_and_a_taken_port_is_named()
    {
        using var kernel = new KernelProcess();
        kernel.Client.WaitUntilReady();
        var open = Path.Combine(kernel.Folder, "open.json");
        File.WriteAllText(open, kernel.Connection("0.0.0.0").ToJsonString());
        Assert.Contains("use 127.0.0.1", Refusal(kernel, open));
        Assert.Contains($"tcp://127.0.0.1:{kernel.Ports[3]}", Refusal(kernel, kernel.ConnectionFile));
        Assert.Contains("does not exist", Refusal(kernel, Path.Combine(kernel.Folder, "none.json")));
    }

    private static string Refusal(KernelProcess kernel, string connectionFile)
    {
        using var process = kernel.Start([connectionFile]);
        Assert.True(process.WaitForExit(KernelClient.Patience));
        Assert.Equal(2, process.ExitCode);
        return process.StandardError.ReadToEnd();
    }
}
