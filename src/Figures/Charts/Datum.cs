using System.Globalization;
using System.Text.Json;

namespace Madtp.Kit.Figures.Charts;

/// <summary>A value of a figure: a number, or a word where <see cref="Text"/> is not null.</summary>
internal readonly record struct Datum(double Number, string? Text)
{
    /// <summary>Whether it can be drawn at all.</summary>
    public bool IsPresent => Text is not null || double.IsFinite(Number);

    public string Label => Text ?? Number.ToString("0.######", CultureInfo.InvariantCulture);

    public static Datum Of(double number) => new(number, null);

    /// <summary>A value of the figure's JSON. Figures write what is not a number as a word.</summary>
    public static Datum Of(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Number => Of(json.GetDouble()),
        JsonValueKind.String when json.GetString() is "NaN" or "Infinity" or "-Infinity" => Of(double.NaN),
        JsonValueKind.String => new Datum(double.NaN, json.GetString()),
        JsonValueKind.True => new Datum(1, null),
        JsonValueKind.False => new Datum(0, null),
        _ => Of(double.NaN),
    };
}
