namespace Madtp.Kit.Tests.Kernel;

/// <summary>One kernel for many tests.</summary>
public sealed class SharedKernel : IDisposable
{
    private readonly Lazy<KernelProcess> process = new(() =>
    {
        var started = new KernelProcess();
        started.Client.WaitUntilReady();
        return started;
    });

    public KernelProcess Process => process.Value;

    internal KernelClient Client => process.Value.Client;

    public void Dispose()
    {
        if (process.IsValueCreated)
            process.Value.Dispose();
    }
}
