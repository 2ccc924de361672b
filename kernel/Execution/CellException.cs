namespace Madtp.Kit.Kernel.Execution;

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
