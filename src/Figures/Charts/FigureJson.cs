using System.Text.Json;

namespace Madtp.Kit.Figures.Charts;

/// <summary>Reading a figure's JSON, where anything may be absent.</summary>
internal static class FigureJson
{
    public static JsonElement? Get(this JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } parent && parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? Text(this JsonElement? element, string name) => element.Get(name) switch
    {
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { ValueKind: JsonValueKind.Number } value => value.GetRawText(),
        _ => null,
    };

    public static double? Number(this JsonElement? element, string name) =>
        element.Get(name) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : null;

    public static bool? Flag(this JsonElement? element, string name) => element.Get(name) switch
    {
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => null,
    };

    public static IReadOnlyList<JsonElement> Items(this JsonElement? element, string name) =>
        element.Get(name) is { ValueKind: JsonValueKind.Array } value ? [.. value.EnumerateArray()] : [];

    public static IReadOnlyList<Datum> Data(this JsonElement? element, string name) => [.. element.Items(name).Select(Datum.Of)];

    /// <summary>A list of texts, or one text for all; empty where there is none.</summary>
    public static IReadOnlyList<string> Texts(this JsonElement? element, string name) => element.Get(name) switch
    {
        { ValueKind: JsonValueKind.Array } value => [.. value.EnumerateArray().Select(each => Datum.Of(each).Label)],
        { ValueKind: JsonValueKind.String } value => [value.GetString()!],
        _ => [],
    };

    /// <summary>A title is an object with a text, or just the text.</summary>
    public static string? Title(this JsonElement? element) => element.Get("title") is { ValueKind: JsonValueKind.Object } title
        ? ((JsonElement?)title).Text("text")
        : element.Text("title");
}
