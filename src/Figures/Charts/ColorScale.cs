using System.Text.Json;
using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>From a share of a range to a colour.</summary>
internal sealed class ColorScale
{
    private static readonly Dictionary<string, string[]> Named = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Viridis"] = ["#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"],
        ["Cividis"] = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"],
        ["Greys"] = ["#111827", "#4b5563", "#9ca3af", "#d9dde3", "#f9fafb"],
        ["Greens"] = ["#00441b", "#1b7837", "#5aae61", "#a6dba0", "#e5f5e0"],
        ["YlGnBu"] = ["#081d58", "#225ea8", "#41b6c4", "#c7e9b4", "#ffffd9"],
        ["YlOrRd"] = ["#800026", "#e31a1c", "#fd8d3c", "#fed976", "#ffffcc"],
        ["RdBu"] = ["#2166ac", "#67a9cf", "#f2f4f6", "#ef8a62", "#b2182b"],
        ["Hot"] = ["#000000", "#7a0000", "#e63b00", "#ffd200", "#ffffff"],
    };

    private readonly (double At, Ink Ink)[] stops;

    private ColorScale((double, Ink)[] stops) => this.stops = stops;

    /// <summary>The scale a trace asks for, Viridis if it says nothing.</summary>
    /// <exception cref="ArgumentException">It asks for one that is not known.</exception>
    public static ColorScale Of(JsonElement? json, string name = "colorscale", bool reversed = false)
    {
        var stops = json.Get(name) switch
        {
            { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(Stop)],
            { ValueKind: JsonValueKind.String } text => Even(text.GetString()!),
            _ => Even("Viridis"),
        };
        return new ColorScale(reversed ? [.. stops.Reverse().Select(stop => (1 - stop.At, stop.Ink))] : stops);
    }

    /// <summary>The colour at a share of the range, 0 to 1.</summary>
    public Ink At(double share)
    {
        for (var i = 1; i < stops.Length; i++)
        {
            if (share <= stops[i].At)
            {
                var span = stops[i].At - stops[i - 1].At;
                return stops[i - 1].Ink.Mix(stops[i].Ink, span > 0 ? (share - stops[i - 1].At) / span : 1);
            }
        }

        return stops[^1].Ink;
    }

    private static (double At, Ink Ink) Stop(JsonElement pair) => (pair[0].GetDouble(), Ink.Parse(pair[1].GetString()!));

    private static (double At, Ink Ink)[] Even(string name) => Named.TryGetValue(name, out var inks)
        ? [.. inks.Select((hex, i) => (i / (inks.Length - 1.0), Ink.Hex(hex)))]
        : throw new ArgumentException($"'{name}' is not a colour scale this kit draws; known are {string.Join(", ", Named.Keys)}");
}
