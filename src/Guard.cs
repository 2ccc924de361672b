using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Madtp.Kit;

/// <summary>What must hold, and the sentence for where it does not; that is only put together then.</summary>
internal static class Guard
{
    /// <summary>Insists on something about what a caller gave.</summary>
    /// <exception cref="ArgumentException">It does not hold.</exception>
    public static void Argument(
        [DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Message message,
        string? name = null)
    {
        if (!holds)
            throw new ArgumentException(message.Text, name);
    }

    /// <summary>Insists on something about a file or its data; who opened the file puts its path before it.</summary>
    /// <exception cref="InvalidDataException">It does not hold.</exception>
    public static void Data(
        [DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Message message)
    {
        if (!holds)
            throw new InvalidDataException(message.Text);
    }

    /// <summary>Insists on something that came before.</summary>
    /// <exception cref="InvalidOperationException">It does not hold.</exception>
    public static void State(
        [DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Message message)
    {
        if (!holds)
            throw new InvalidOperationException(message.Text);
    }

    /// <summary>An interpolated string that is only put together where it is needed; its numbers have a decimal point.</summary>
    [InterpolatedStringHandler]
    public ref struct Message
    {
        private DefaultInterpolatedStringHandler inner;

        public Message(int literals, int holes, bool holds, out bool isNeeded)
        {
            isNeeded = !holds;
            inner = isNeeded ? new DefaultInterpolatedStringHandler(literals, holes, CultureInfo.InvariantCulture) : default;
        }

        public string Text => inner.ToStringAndClear();

        public void AppendLiteral(string text) => inner.AppendLiteral(text);

        public void AppendFormatted<T>(T value, string? format = null) => inner.AppendFormatted(value, format);
    }
}
