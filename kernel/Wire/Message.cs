using System.Text;
using System.Text.Json.Nodes;

namespace Madtp.Kit.Kernel.Wire;

/// <summary>A checked message as it came from a client.</summary>
/// <param name="Identities">The route back to the client.</param>
/// <param name="RawHeader">The header's bytes, which every message caused by this one carries as its parent.</param>
/// <param name="Header">The header.</param>
/// <param name="ParentHeader">The header of the message this one answers; empty for a request.</param>
/// <param name="Content">The content.</param>
internal sealed record Message(
    IReadOnlyList<byte[]> Identities, byte[] RawHeader, JsonObject Header, JsonObject ParentHeader, JsonObject Content)
{
    /// <summary>What the parent header of an unprompted message is.</summary>
    public static byte[] NoParent { get; } = Encoding.UTF8.GetBytes("{}");

    public string Type => Text(Header, "msg_type");

    public string Id => Text(Header, "msg_id");

    /// <summary>A text of the content, or <paramref name="otherwise"/> where it is absent or of another kind.</summary>
    /// <exception cref="InvalidDataException">What stands there is no text.</exception>
    public string ContentText(string name, string otherwise = "") => TextOf(Content[name]) ?? otherwise;

    /// <summary>A text, or null where there is none.</summary>
    /// <exception cref="InvalidDataException">What stands there is no text.</exception>
    public static string? TextOf(JsonNode? node)
    {
        try
        {
            return node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
        }
        catch (InvalidOperationException)
        {
            throw new InvalidDataException(
                "the text that was sent is none: it has half of a character (a surrogate without its pair), or bytes that are "
                    + "not UTF-8");
        }
    }

    public bool ContentFlag(string name, bool otherwise) =>
        Content[name] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : otherwise;

    public int ContentNumber(string name, int otherwise) =>
        Content[name] is JsonValue value && value.TryGetValue<int>(out var number) ? number : otherwise;

    private static string Text(JsonObject json, string name) =>
        json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}
