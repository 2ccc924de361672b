using System.Runtime.CompilerServices;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Output;

/// <summary>
/// Tells which display an update replaces. The package announces one <see cref="DisplayedValue"/> and hands the cell another,
/// with an id of its own, so ids do not tell. What both have in common, and an update keeps, is the text object that names the
/// first form: each display gets one that is its alone.
/// </summary>
internal static class DisplayIdentity
{
    private static readonly ConditionalWeakTable<string, string> Ids = [];

    /// <summary>Jupyter's id of a new display.</summary>
    public static string Of(DisplayedValue shown)
    {
        if (shown.FormattedValues is [var first, ..])
        {
            ref var name = ref MimeType(first);
            name = new string(name.AsSpan());
            Ids.Add(name, shown.DisplayId);
        }

        return shown.DisplayId;
    }

    /// <summary>The id under which what is updated was shown.</summary>
    public static string OfUpdated(DisplayedValue updated) =>
        updated.FormattedValues is [var first, ..] && Ids.TryGetValue(first.MimeType, out var id) ? id : updated.DisplayId;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<MimeType>k__BackingField")]
    private static extern ref string MimeType(FormattedValue value);
}
