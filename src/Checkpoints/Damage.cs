using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace Madtp.Kit.Checkpoints;

/// <summary>What is wrong with a file, in a sentence. <see cref="CheckpointFile.Open"/> puts the file's path before it.</summary>
internal static class Damage
{
    private const int LongestName = 100;

    /// <summary>
    /// Insists on something that holds in every honest file. The message is put together only where it does not.
    /// </summary>
    /// <exception cref="InvalidDataException">It does not hold.</exception>
    public static void Unless([DoesNotReturnIf(false)] bool holds,
        [InterpolatedStringHandlerArgument(nameof(holds))] ref Message message)
    {
        if (!holds)
        {
            throw new InvalidDataException(message.Text);
        }
    }

    /// <summary>A name from a file, in quotes: control characters as escapes, at most 100 characters.</summary>
    public static string Quoted(string name)
    {
        var text = new StringBuilder("'");
        foreach (var unit in name.AsSpan(0, Math.Min(name.Length, LongestName)))
        {
            _ = char.IsControl(unit) ? text.Append($"\\u{(int)unit:x4}") : text.Append(unit);
        }

        return text.Append(name.Length > LongestName ? "…'" : "'").ToString();
    }

    /// <summary>A shape: <c>[2, 3]</c>.</summary>
    public static string Shape(IEnumerable<long> sizes) => $"[{string.Join(", ", sizes)}]";

    /// <summary>An interpolated string that is only put together where it is needed.</summary>
    [InterpolatedStringHandler]
    public ref struct Message
    {
        private DefaultInterpolatedStringHandler inner;

        public Message(int literals, int holes, bool holds, out bool isNeeded)
        {
            isNeeded = !holds;
            inner = isNeeded ? new DefaultInterpolatedStringHandler(literals, holes) : default;
        }

        public string Text => inner.ToStringAndClear();

        public void AppendLiteral(string text) => inner.AppendLiteral(text);

        public void AppendFormatted<T>(T value, string? format = null) => inner.AppendFormatted(value, format);
    }
}
