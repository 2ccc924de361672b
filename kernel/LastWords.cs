namespace Madtp.Kit.Kernel;

/// <summary>
/// The cell that the kernel runs, in a small file beside its connection file. Nothing in a process can speak when its stack
/// overflows or code ends it at once; the kernel that is started next in its place finds the file and says what happened.
/// </summary>
internal sealed class LastWords
{
    private readonly string file;
    private string? before;

    /// <summary>Takes over from the kernel before, which left its file where it ended in a cell.</summary>
    public LastWords(string connectionFile)
    {
        file = connectionFile + ".doing";
        Try(() => before = File.Exists(file) ? File.ReadAllText(file) : null);
        Clear();
    }

    /// <summary>What became of the kernel before, told once; empty where there was none or no cell ran as it ended.</summary>
    public string OfBefore() => Interlocked.Exchange(ref before, null) is not { } doing ? ""
        : $"the kernel before this one died {doing}: its stack overflowed, code called Environment.FailFast or crashed in "
            + "native code, or it was killed (by a forced restart, or by the system for want of memory); variables are gone, and "
            + "Jupyter's log has what it wrote last\n";

    /// <summary>Keeps what the kernel does now.</summary>
    public void Note(string doing) => Try(() => File.WriteAllText(file, doing));

    /// <summary>It does nothing now, or ends as it should.</summary>
    public void Clear() => Try(() => File.Delete(file));

    // A folder that cannot be written to costs only the words.
    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
