using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Kernel.Formatting;

namespace Madtp.Kit.Kernel;

/// <summary>Has the compiler compiled before the first cell comes: a few cells run in a session of their own.</summary>
internal static class WarmUp
{
    private static readonly string[] Cells = ["var xs = new[] { 1, 2 };", "xs.Select(x => x + 1).Sum()"];

    public static void Start() => new Thread(() =>
    {
        try
        {
            KernelFormats.Register();
            var session = new ScriptSession();
            foreach (var cell in Cells)
                _ = MimeBundle.From(session.Run(new CellStep.Code(cell, "warm-up", 1), CancellationToken.None).Value).ToJson();
        }
        catch (Exception) when (Environment.HasShutdownStarted)
        {
            // The kernel ended before it was warm.
        }
    })
    { IsBackground = true, Priority = ThreadPriority.BelowNormal, Name = "warm-up" }.Start();
}
