namespace Madtp.Kit.Runtime;

/// <summary>What libtorch says of an error: one sentence for people, with a page of its own call stack behind it.</summary>
public static class NativeError
{
    // It goes on: "If so, please report an enhancement request to PyTorch.)"
    private const string Request = "(Could this error message be improved?";

    /// <summary>The sentence; other exceptions' messages as they are.</summary>
    public static string Text(Exception e)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (e is not ExternalException)
        {
            return e.Message;
        }

        var line = e.Message.AsSpan().TrimStart();
        line = line[..(line.IndexOf('\n') is >= 0 and var end ? end : line.Length)];
        return line[..(line.IndexOf(Request, StringComparison.Ordinal) is >= 0 and var request ? request : line.Length)].Trim()
            .ToString();
    }
}
