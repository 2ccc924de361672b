using System.Text.Json;

namespace Madtp.Kit.Tests.Figures;

/// <summary>Figures for tests, as the JSON they are drawn from.</summary>
internal static class ChartJson
{
    public static string Of(object layout, params object[] traces) => JsonSerializer.Serialize(new { data = traces, layout, config = new { } });

    public static object Line(string? name, double[] x, double?[] y, string mode = "lines") => new { type = "scatter", name, mode, x, y, marker = new { }, line = new { } };

    public static object Bars(string? name, string[] x, double[] y) => new { type = "bar", name, x, y, orientation = "v", marker = new { } };
}
