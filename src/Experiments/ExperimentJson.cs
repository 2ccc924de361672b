using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Madtp.Kit.Experiments;

/// <summary>How experiments and results are written.</summary>
internal static class ExperimentJson
{
    /// <summary>On one line, for hashing.</summary>
    public static JsonSerializerOptions Line { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Indented, for files that people read.</summary>
    public static JsonSerializerOptions Page { get; } = new(Line) { WriteIndented = true };
}
