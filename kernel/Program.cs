using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Madtp.Kit.Kernel;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Kernel.Install;
using Madtp.Kit.Kernel.Wire;

const string Usage = """
    usage: Madtp.Kit.Kernel CONNECTION_FILE                run as a Jupyter kernel (Jupyter does this)
           Madtp.Kit.Kernel install [--user]               tell Jupyter of this kernel, for this user
           Madtp.Kit.Kernel install --prefix DIR           … in DIR/share/jupyter (a conda environment, /usr/local)
                            … --env NAME=VALUE             an environment variable that Jupyter starts it with; as often as wanted
    """;

try
{
    switch (args)
    {
        case ["install", .. var rest] when rest is [] or ["--user" or "--env", ..]:
            return Install(KernelSpec.UserFolder, rest is ["--user", ..] ? rest[1..] : rest);
        case ["install", "--prefix", var prefix, .. var rest]:
            return Install(KernelSpec.PrefixFolder(prefix), rest);
        case ["--help" or "-h"]:
            Console.WriteLine(Usage);
            return 0;
        case [var connectionFile] when connectionFile is not "install" and not ['-', ..]:
            return Run(ConnectionFile.Read(connectionFile));
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (Exception wrong) when (wrong is IOException or InvalidDataException or UnauthorizedAccessException or DllNotFoundException)
{
    Console.Error.WriteLine($"Madtp.Kit.Kernel: {wrong.Message}");
    return 2;
}

static int Install(string dataFolder, string[] options)
{
    var environment = new Dictionary<string, string>();
    foreach (var pair in options.Chunk(2))
    {
        if (pair is not ["--env", var setting] || setting.IndexOf('=') is var at && at < 1)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        environment[setting[..at]] = setting[(at + 1)..];
    }

    var (folder, replaced) = KernelSpec.Write(dataFolder, environment);
    Console.WriteLine($"kernel '{KernelSpec.Name}' written to {folder}");
    if (replaced is not null)
    {
        Console.WriteLine($"(it replaces the one that ran: {replaced})");
    }

    return 0;
}

static int Run(ConnectionFile connection)
{
    // Before any native library is loaded: idle OpenMP threads would spin, and starve the cell that waits for them.
    NativeEnvironment.SetDefault("OMP_WAIT_POLICY", "PASSIVE");
    WarmUp.Start();
    var console = Console.Error;
    var kernel = new JupyterKernel(connection, text => console.WriteLine($"Madtp.Kit.Kernel: {text}"));
    kernel.TakeConsole();
    ExceptionHandling.SetUnhandledExceptionHandler(exception =>
    {
        kernel.ReportUnhandled(exception);
        return true;
    });

    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
    {
        signal.Cancel = true;
        kernel.Interrupt();
    });
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
    {
        signal.Cancel = true;
        kernel.Stop();
    });
    ParentWatch.Start(kernel.Stop);
    kernel.Run();
    kernel.Dispose();
    ShadowCopy.Remove();

    // Threads that cells started, whatever they do, do not outlive the kernel.
    Environment.Exit(0);
    return 0;
}
