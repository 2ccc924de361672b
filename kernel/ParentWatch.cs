using System.Runtime.InteropServices;

namespace Madtp.Kit.Kernel;

/// <summary>Ends the kernel when the process that started it is gone.</summary>
internal static partial class ParentWatch
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    /// <summary>Calls <paramref name="gone"/>, once, when this process has another parent than now.</summary>
    public static void Start(Action gone)
    {
        if (OperatingSystem.IsWindows())
            return;

        var parent = Parent();
        new Thread(() =>
        {
            while (Parent() == parent)
                Thread.Sleep(Between);

            gone();
        })
        { IsBackground = true, Name = "parent" }.Start();
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int Parent();
}
