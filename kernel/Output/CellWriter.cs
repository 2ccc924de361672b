using System.Text;
using Madtp.Kit.Kernel.Execution;

namespace Madtp.Kit.Kernel.Output;

/// <summary>The console of a cell: stdout or stderr, sent to the front end under the cell that prints.</summary>
internal sealed class CellWriter(string stream, Publisher publisher) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Print([value]);

    public override void Write(string? value) => Print(value);

    public override void Write(char[] buffer, int index, int count) => Print(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Print(buffer);

    public override void WriteLine(string? value) => Print(value + NewLine);

    public override void Flush() => publisher.Flush(all: false);

    private void Print(ReadOnlySpan<char> text)
    {
        var cell = CellContext.Current;
        cell?.ThrowIfInterrupted();
        publisher.Print(stream, cell, text);
    }
}
