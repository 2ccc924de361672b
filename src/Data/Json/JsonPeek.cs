using System.Text.Json;

namespace Madtp.Kit.Data.Json;

/// <summary>Takes one property out of an object's bytes without building anything of the rest.</summary>
internal static class JsonPeek
{
    /// <summary>A whole number; null where the property is absent or something else.</summary>
    public static long? Number(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json);
        return Find(ref reader, name) && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : null;
    }

    /// <summary>A text; null where the property is absent or something else.</summary>
    public static string? Text(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json);
        return Find(ref reader, name) && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
    }

    private static bool Find(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
                {
                    var isWanted = reader.ValueTextEquals(name);
                    reader.Read();
                    if (isWanted)
                    {
                        return true;
                    }

                    reader.Skip();
                }
            }
        }
        catch (JsonException)
        {
            // Parsing the element in full names the fault and its line.
        }

        return false;
    }
}
