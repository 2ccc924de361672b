using System.Text.Json;

namespace Madtp.Kit.Verification;

/// <summary>A value of a fixture's manifest and the way to it: what is missing or of another sort is named.</summary>
/// <param name="File">The manifest.</param>
/// <param name="Path">The way from its root, such as <c>config.vit.depth</c>.</param>
/// <param name="Longest">What no size exceeds: it would be an axis of one of the fixture's tensors, or a number of them.</param>
/// <param name="Json">What stands there.</param>
public readonly record struct ManifestValue(string File, string Path, long Longest, JsonElement Json)
{
    /// <summary>A value below this one.</summary>
    /// <exception cref="InvalidDataException">There is none of that name.</exception>
    public ManifestValue this[string name]
    {
        get
        {
            var path = Path.Length == 0 ? name : $"{Path}.{name}";
            return Of(JsonValueKind.Object, "an object").TryGetProperty(name, out var value)
                ? this with { Path = path, Json = value }
                : throw new InvalidDataException($"{File}: no \"{path}\", which a fixture of this kind needs");
        }
    }

    /// <summary>The values below this one, in the file's order.</summary>
    public IReadOnlyList<KeyValuePair<string, ManifestValue>> Members
    {
        get
        {
            var all = this;
            return [.. Of(JsonValueKind.Object, "an object").EnumerateObject()
                .Select(member => KeyValuePair.Create(member.Name, all[member.Name]))];
        }
    }

    /// <summary>Its texts, where it is a list of them.</summary>
    public IReadOnlyList<string> Texts
    {
        get
        {
            var list = this;
            return [.. Of(JsonValueKind.Array, "a list").EnumerateArray().Select(each => (list with { Json = each }).Text)];
        }
    }

    /// <summary>A text.</summary>
    public string Text => Of(JsonValueKind.String, "a text").GetString()!;

    /// <summary>A finite number.</summary>
    public double Number => Of(JsonValueKind.Number, "a number").TryGetDouble(out var number) && double.IsFinite(number)
        ? number
        : throw Wrong("a finite number");

    /// <summary>A whole number that counts or measures something, 1 or more.</summary>
    public int Size
    {
        get
        {
            var size = Of(JsonValueKind.Number, "a whole number").TryGetInt32(out var whole) && whole > 0
                ? whole
                : throw Wrong("a whole number of 1 or more");
            return size <= Longest
                ? size
                : throw Wrong($"at most {Longest}, the longest axis of the fixture's tensors or their number,");
        }
    }

    /// <summary>Its integers; those of lists in it one after the other, true as 1.</summary>
    public int[] Integers
    {
        get
        {
            var value = this;
            return Json.ValueKind switch
            {
                JsonValueKind.Array => [.. Json.EnumerateArray().SelectMany(each => (value with { Json = each }).Integers)],
                JsonValueKind.True => [1],
                JsonValueKind.False => [0],
                _ when Json.ValueKind == JsonValueKind.Number && Json.TryGetInt32(out var whole) => [whole],
                _ => throw Wrong("whole numbers"),
            };
        }
    }

    private JsonElement Of(JsonValueKind kind, string wanted) => Json.ValueKind == kind ? Json : throw Wrong(wanted);

    private InvalidDataException Wrong(string wanted) => new(
        $"{File}: {(Path.Length == 0 ? "the whole" : $"\"{Path}\"")} is {Shown()}, where {wanted} should stand");

    private string Shown() => Json.GetRawText() is { Length: > 60 } text ? text[..60] + "…" : Json.GetRawText();
}
