using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Madtp.Kit.Kernel;
using Madtp.Kit.Kernel.Execution;

namespace Madtp.Kit.Tests.Kernel;

/// <summary>A kernel in a process of its own, started as Jupyter starts it, in a folder of its own.</summary>
public sealed class KernelProcess : IDisposable
{
    private readonly Process process;
    private readonly string? workingFolder;
    private readonly IReadOnlyDictionary<string, string> environment;

    /// <param name="workingFolder">Where it works; in its own folder if null.</param>
    /// <param name="environment">Variables to set.</param>
    public KernelProcess(string? workingFolder = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        (this.workingFolder, this.environment) = (workingFolder, environment ?? new Dictionary<string, string>());
        Folder = Directory.CreateTempSubdirectory("kernel-test-").FullName;
        Key = Guid.NewGuid().ToString("N");
        Ports = FreePorts(5);
        ConnectionFile = Path.Combine(Folder, "connection.json");
        File.WriteAllText(ConnectionFile, Connection("127.0.0.1").ToJsonString());
        Started = Stopwatch.StartNew();
        process = Start([ConnectionFile]);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (Log)
                Log.Add(line.Data ?? "");
        };
        process.BeginErrorReadLine();
        Client = new KernelClient(Key, Ports);
    }

    public string Folder { get; }

    public string Key { get; }

    public string ConnectionFile { get; }

    /// <summary>shell, control, stdin, iopub, heartbeat.</summary>
    public int[] Ports { get; }

    /// <summary>Time since the process was started.</summary>
    public Stopwatch Started { get; }

    /// <summary>What the process itself wrote to its standard error.</summary>
    public List<string> Log { get; } = [];

    internal KernelClient Client { get; }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    public bool WaitForExit(TimeSpan time) => process.WaitForExit(time);

    /// <summary>A connection file's content, with these ports.</summary>
    public JsonObject Connection(string address) => new()
    {
        ["transport"] = "tcp",
        ["ip"] = address,
        ["shell_port"] = Ports[0],
        ["control_port"] = Ports[1],
        ["stdin_port"] = Ports[2],
        ["iopub_port"] = Ports[3],
        ["hb_port"] = Ports[4],
        ["key"] = Key,
        ["signature_scheme"] = "hmac-sha256",
        ["kernel_name"] = ".net-csharp",
    };

    /// <summary>Sends a signal by its name, such as INT.</summary>
    public void Signal(string name) => Process.Start("kill", ["-" + name, process.Id.ToString()]).WaitForExit();

    /// <summary>Whether the kernel's own log has a line with this text, within a few seconds.</summary>
    public bool Logged(string text)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < KernelClient.Patience; Thread.Sleep(20))
        {
            lock (Log)
            {
                if (Log.Exists(line => line.Contains(text, StringComparison.Ordinal)))
                    return true;
            }
        }

        return false;
    }

    public void Dispose()
    {
        Client.Dispose();
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Starts the kernel's program with any arguments, in this kernel's folder.</summary>
    internal Process Start(string[] arguments)
    {
        var start = new ProcessStartInfo(DotnetHost.Path, [typeof(KernelInfo).Assembly.Location, .. arguments])
        {
            WorkingDirectory = workingFolder ?? Folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        return Process.Start(start)!;
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(each => each.Start());
        int[] ports = [.. listeners.Select(each => ((IPEndPoint)each.LocalEndpoint).Port)];
        listeners.ForEach(each => each.Stop());
        return ports;
    }
}
