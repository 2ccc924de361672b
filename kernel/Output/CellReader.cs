namespace Madtp.Kit.Kernel.Output;

/// <summary>Standard input of a cell: each line is asked of the person at the front end.</summary>
internal sealed class CellReader : TextReader
{
    private string line = "";
    private int next;

    public override string? ReadLine()
    {
        if (next < line.Length)
        {
            var rest = line[next..].TrimEnd('\n');
            next = line.Length;
            return rest;
        }

        return Notebook.Current.Ask("", hidden: false);
    }

    public override int Peek() => Fill() ? line[next] : -1;

    public override int Read() => Fill() ? line[next++] : -1;

    /// <summary>One line: a front end has no end of input.</summary>
    public override string ReadToEnd() => ReadLine() ?? "";

    private bool Fill()
    {
        if (next >= line.Length)
            (line, next) = (Notebook.Current.Ask("", hidden: false) + "\n", 0);

        return true;
    }
}
