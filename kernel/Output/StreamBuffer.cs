using System.Text;

namespace Madtp.Kit.Kernel.Output;

/// <summary>Printed text on its way out, gathered so that a loop of small prints makes few messages.</summary>
internal sealed class StreamBuffer
{
    /// <summary>How long text may wait for more.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);

    private const int Full = 32 * 1024;

    private readonly Lock gate = new();
    private readonly List<Piece> pieces = [];
    private readonly AutoResetEvent arrived = new(false);
    private int length;

    /// <summary>Adds text.</summary>
    /// <returns>True when so much waits that it should leave now.</returns>
    public bool Append(string stream, byte[] parent, ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
            return false;

        lock (gate)
        {
            // Half a surrogate pair may be the last of another piece, waiting for this half.
            var piece = pieces.FindLast(each => each.Stream == stream && ReferenceEquals(each.Parent, parent));
            if (piece is null || (!ReferenceEquals(piece, pieces[^1]) && !piece.EndsWithinPair))
                pieces.Add(piece = new Piece(stream, parent));

            piece.Text.Append(text);
            length += text.Length;
            if (length >= Full)
                return true;
        }

        arrived.Set();
        return false;
    }

    /// <summary>
    /// Takes the text that can be sent; unless <paramref name="all"/> must go, half a surrogate pair stays for its other half.
    /// </summary>
    public IReadOnlyList<(string Stream, byte[] Parent, string Text)> Take(bool all)
    {
        lock (gate)
        {
            if (pieces.Count == 0)
                return [];

            List<(string, byte[], string)> taken = [];
            List<Piece> kept = [];
            foreach (var piece in pieces)
            {
                var held = piece.EndsWithinPair && !all ? 1 : 0;
                if (piece.Text.Length > held)
                    taken.Add((piece.Stream, piece.Parent, piece.Text.ToString(0, piece.Text.Length - held)));

                if (held > 0)
                {
                    var rest = new Piece(piece.Stream, piece.Parent);
                    rest.Text.Append(piece.Text[^1]);
                    kept.Add(rest);
                }
            }

            pieces.Clear();
            pieces.AddRange(kept);
            length = kept.Count;
            return taken;
        }
    }

    public void WaitForText() => arrived.WaitOne();

    private sealed class Piece(string stream, byte[] parent)
    {
        public string Stream => stream;

        public byte[] Parent => parent;

        public StringBuilder Text { get; } = new();

        public bool EndsWithinPair => Text.Length > 0 && char.IsHighSurrogate(Text[^1]);
    }
}
