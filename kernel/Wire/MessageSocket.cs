using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Madtp.Kit.Kernel.Wire;

/// <summary>
/// A socket that speaks Jupyter's framing: identities, delimiter, signature, header, parent header, metadata, content.
/// </summary>
internal sealed class MessageSocket(ZmqSocket socket, MessageSigner signer, string session, Action<string> log) : IDisposable
{
    private static readonly byte[] Delimiter = Encoding.ASCII.GetBytes("<IDS|MSG>");
    private static readonly byte[] Nothing = Encoding.ASCII.GetBytes("{}");

    // Html and SVG are mostly '<' and '"'; the default encoder would make each six characters.
    private static readonly JsonSerializerOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock sending = new();

    public ZmqSocket Socket => socket;

    /// <summary>Sends a message; safe from any thread.</summary>
    /// <returns>The id of the message.</returns>
    public string Send(IReadOnlyList<byte[]> identities, string type, byte[] parent, JsonObject content,
        JsonObject? metadata = null)
    {
        var id = Guid.NewGuid().ToString("N");
        var header = Bytes(new JsonObject
        {
            ["msg_id"] = id,
            ["session"] = session,
            ["username"] = "kernel",
            ["date"] = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture),
            ["msg_type"] = type,
            ["version"] = "5.3",
        });
        var metadataBytes = metadata is null ? Nothing : Bytes(metadata);
        var contentBytes = Bytes(content);
        List<byte[]> frames = [
            .. identities, Delimiter, signer.Sign(header, parent, metadataBytes, contentBytes), header, parent, metadataBytes,
            contentBytes];
        lock (sending)
        {
            if (!socket.Send(frames))
                log($"a {type} message was dropped: its reader does not read");
        }

        return id;
    }

    /// <summary>The next good message; null when none came in time, or the one that came was dropped (which is logged).</summary>
    public Message? Receive(bool wait = true) => Receive(wait, out _);

    /// <summary>As <see cref="Receive(bool)"/>; <paramref name="came"/> tells whether anything came at all.</summary>
    public Message? Receive(bool wait, out bool came)
    {
        var frames = socket.Receive(wait);
        came = frames is not null;
        return frames is null ? null : Parse(frames);
    }

    /// <summary>Closes the socket. Not while another thread receives from it.</summary>
    public void Dispose()
    {
        lock (sending)
            socket.Dispose();
    }

    private Message? Parse(List<byte[]> frames)
    {
        var delimiter = frames.FindIndex(frame => frame.AsSpan().SequenceEqual(Delimiter));
        if (delimiter < 0 || frames.Count < delimiter + 6)
            return Drop($"it has {frames.Count} frames, not identities, <IDS|MSG>, signature and four JSON parts");

        var (header, parent, metadata, content) =
            (frames[delimiter + 2], frames[delimiter + 3], frames[delimiter + 4], frames[delimiter + 5]);
        if (signer.Refusal(frames[delimiter + 1], header, parent, metadata, content) is { } refusal)
            return Drop(refusal);

        try
        {
            return Parse(header) is { } head && Parse(parent) is { } before && Parse(content) is { } body
                ? new Message(frames.GetRange(0, delimiter), header, Texts(head), Texts(before), body)
                : Drop("its header, parent header or content is not a JSON object");
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return Drop($"its JSON is broken: {broken.Message}");
        }
    }

    // Two properties of one name, and names that are no texts, would be found out only when one is asked for.
    private static JsonObject? Parse(byte[] json) =>
        JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) is JsonObject read
            && !read.ContainsKey("\0") ? read : null;

    // Nor is a text read before it is asked for; one in a header may be none.
    private static JsonObject Texts(JsonObject header)
    {
        foreach (var (_, value) in header)
            _ = value is JsonValue text && text.TryGetValue<string>(out _);

        return header;
    }

    private Message? Drop(string reason)
    {
        log($"a message was dropped: {reason}");
        return null;
    }

    private static byte[] Bytes(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString(Writing));
}
