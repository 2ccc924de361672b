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
                                    --env NAME=VALUE …     with these variables in the kernel's environment
    """;

try
{
    switch (args)
    {
        case ["install", .. var options] when Installation.Parse(options) is { } wanted:
            return wanted.Write(Console.Out);
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

static int Run(ConnectionFile connection)
{
    // Before any native library is loaded: idle OpenMP threads would spin for long, and starve the cell that waits for them.
    if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
    {
        NativeEnvironment.SetDefault("GOMP_SPINCOUNT", "3000"); // turns: as long as a small operator takes
        NativeEnvironment.SetDefault("OMP_WAIT_POLICY", "PASSIVE");
    }

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
    AppDomain.CurrentDomain.ProcessExit += (_, _) => kernel.SayExit();
    ParentWatch.Start(kernel.Stop);
    kernel.Run();
    kernel.Dispose();
    ShadowCopy.Remove();

    // Threads that cells started, whatever they do, do not outlive the kernel.
    Environment.Exit(kernel.HasFailed ? 1 : 0);
    return 0;
}
