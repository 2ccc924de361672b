namespace Madtp.Kit.Kernel.Execution;

/// <summary>One thing a cell asks for, in the order it asks.</summary>
/// <param name="Path">The cell or file it stands in.</param>
/// <param name="Line">The line it stands at, from 1.</param>
internal abstract record CellStep(string Path, int Line)
{
    /// <summary>C# to compile and run; blank lines before it keep its line numbers.</summary>
    internal sealed record Code(string Text, string Path, int Line) : CellStep(Path, Line);

    /// <summary>An assembly to refer to: #r.</summary>
    internal sealed record Reference(string Target, string Folder, string Path, int Line) : CellStep(Path, Line);

    /// <summary>A place to look for packages: #i.</summary>
    internal sealed record PackageSource(string Target, string Path, int Line) : CellStep(Path, Line);
}

/// <summary>
/// A cell that cannot be run as it is written: a directive that cannot be honoured, with the place it stands at.
/// </summary>
/// <param name="path">The cell or file.</param>
/// <param name="line">The line, from 1.</param>
/// <param name="message">What is wrong and what to do.</param>
internal sealed class CellException(string path, int line, string message) : Exception(message)
{
    public string Path => path;

    public int Line => line;
}
