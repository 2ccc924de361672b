using System.Text.Json;

namespace Madtp.Kit.Figures.Charts;

/// <summary>The error bars of a trace along one axis.</summary>
internal sealed class ErrorBars
{
    private readonly IReadOnlyList<Datum> above;
    private readonly IReadOnlyList<Datum> below;
    private readonly double? constant;

    private ErrorBars(JsonElement? json)
    {
        Json = json;
        above = json.Data("array");
        below = json.Data("arrayminus");
        constant = json.Text("type") == "constant" ? json.Number("value") : null;
    }

    public JsonElement? Json { get; }

    public bool Any => above.Count > 0 || constant is not null;

    public static ErrorBars Of(TraceSpec trace, string axis) =>
        new(trace.Json.Get(axis) is { } json && ((JsonElement?)json).Flag("visible") != false ? json : null);

    public double Above(int index) => At(above, index) ?? constant ?? 0;

    public double Below(int index) => At(below, index) ?? Above(index);

    private static double? At(IReadOnlyList<Datum> list, int index) => index < list.Count && list[index].IsPresent ? list[index].Number : null;
}
