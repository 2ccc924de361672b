using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Install;
using Madtp.Kit.Kernel.Wire;

namespace Madtp.Kit.Benchmarks;

/// <summary>What somebody who opens a notebook waits for: the installed kernel, started as Jupyter starts it, and a first cell.
/// </summary>
internal static class KernelStart
{
    public const string About = "the C# kernel from start to its first answered cell: time and memory (starts, 7 if not said)";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    public static int Run(string[] arguments)
    {
        var starts = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 7;
        if (starts < 1)
            throw new ArgumentException($"at least one start is needed, not {starts}");

        var specification = Specification();
        Console.WriteLine("start   first cell s   processor s   second cell ms   resident MB   after a second");
        var all = Enumerable.Range(1, starts).Select(start => Show($"{start,5}", Once(specification))).ToArray();
        double Median(Func<Reading, double> of) => all.Select(of).Order().ElementAt(starts / 2);
        Show("median", new(
            Median(r => r.FirstSeconds), Median(r => r.ProcessorSeconds), Median(r => r.SecondMilliseconds),
            Median(r => r.Megabytes), Median(r => r.RestingMegabytes)));
        return 0;
    }

    private static Reading Show(string name, Reading reading)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-6}{reading.FirstSeconds,14:F2}{reading.ProcessorSeconds,14:F2}{reading.SecondMilliseconds,17:F0}"
                + $"{reading.Megabytes,14:F0}{reading.RestingMegabytes,17:F0}"));
        return reading;
    }

    // kernel.json as Jupyter looks for it.
    private static JsonNode Specification()
    {
        var folders = (Environment.GetEnvironmentVariable("JUPYTER_PATH") ?? string.Empty).Split(':')
            .Append(KernelSpec.UserFolder);
        var files = folders.Select(folder => Path.Combine(folder, "kernels", KernelSpec.Name, "kernel.json"));
        return files.FirstOrDefault(File.Exists) is { } file
            ? JsonNode.Parse(File.ReadAllText(file))!
            : throw new FileNotFoundException("the kernel is not installed: ./kit setup (in a packed kit: ./kit kernel)");
    }

    private static Reading Once(JsonNode specification)
    {
        var folder = Directory.CreateTempSubdirectory("kernel-start-").FullName;
        var (ports, key) = (FreePorts(5), Guid.NewGuid().ToString("N"));
        var connection = Path.Combine(folder, "connection.json");
        File.WriteAllText(connection, new JsonObject
        {
            ["ip"] = "127.0.0.1", ["transport"] = "tcp", ["key"] = key, ["signature_scheme"] = "hmac-sha256",
            ["shell_port"] = ports[0], ["control_port"] = ports[1], ["stdin_port"] = ports[2], ["iopub_port"] = ports[3],
            ["hb_port"] = ports[4],
        }.ToJsonString());
        var command = specification["argv"]!.AsArray()
            .Select(word => (string)word! == "{connection_file}" ? connection : (string)word!).ToList();
        var information = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = folder };
        foreach (var (name, value) in specification["env"]!.AsObject())
            information.Environment[name] = (string)value!;

        var watch = Stopwatch.StartNew();
        using var process = Process.Start(information)!;
        var context = new ZmqContext();
        try
        {
            using var shell = Connect(context, key, ports[0]);
            Ask(shell, "var xs = new[] { 1, 2 }; xs.Sum()", process);
            var first = watch.Elapsed.TotalSeconds;
            var processor = process.TotalProcessorTime.TotalSeconds;
            var megabytes = ResidentMegabytes(process);
            watch.Restart();
            Ask(shell, "xs.Select(x => x * 2).ToArray()", process);
            var second = watch.Elapsed.TotalMilliseconds;
            Thread.Sleep(Rest);
            return new(first, processor, second, megabytes, ResidentMegabytes(process));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            context.Terminate();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static MessageSocket Connect(ZmqContext context, string key, int port)
    {
        var socket = context.Open(SocketKind.Dealer);
        socket.SetLinger(TimeSpan.Zero);
        socket.SetReceiveTimeout(TimeSpan.FromMilliseconds(50));
        socket.SetIdentity(Guid.NewGuid().ToByteArray());
        socket.Connect($"tcp://127.0.0.1:{port}");
        return new MessageSocket(socket, new MessageSigner(key), Guid.NewGuid().ToString("N"), Console.Error.WriteLine);
    }

    // Sent before the kernel listens, a request waits for it.
    private static void Ask(MessageSocket shell, string code, Process process)
    {
        var id = shell.Send([], "execute_request", Message.NoParent, new JsonObject
        {
            ["code"] = code, ["silent"] = false, ["store_history"] = true, ["allow_stdin"] = false, ["stop_on_error"] = true,
            ["user_expressions"] = new JsonObject(),
        });
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience && !process.HasExited;)
        {
            if (shell.Receive() is { } reply && (string?)reply.ParentHeader["msg_id"] == id)
            {
                if ((string?)reply.Content["status"] == "ok")
                    return;

                throw new IOException($"the cell failed: {reply.Content["evalue"]}");
            }
        }

        throw new IOException(process.HasExited ? $"the kernel ended with {process.ExitCode}" : $"no answer within {Patience}");
    }

    private static double ResidentMegabytes(Process process)
    {
        process.Refresh();
        return process.WorkingSet64 / 1e6;
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Stop());
        return ports;
    }

    // Up to the first answer, of all threads; megabytes at the first answer, and a second after the second cell's.
    private sealed record Reading(
        double FirstSeconds, double ProcessorSeconds, double SecondMilliseconds, double Megabytes, double RestingMegabytes);
}
