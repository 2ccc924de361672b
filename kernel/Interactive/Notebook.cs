namespace Madtp.Kit.Kernel.Interactive;

/// <summary>Where displays go: the kernel sets it once at its start, before any cell runs.</summary>
internal static class Notebook
{
    private static INotebook? current;

    public static INotebook Current
    {
        get => current ?? throw new InvalidOperationException("values can be displayed only in a notebook's cell, and no kernel runs in this process");
        set => current = value;
    }
}
