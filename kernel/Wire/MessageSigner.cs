using System.Security.Cryptography;
using System.Text;

namespace Madtp.Kit.Kernel.Wire;

/// <summary>
/// Signs and checks messages with HMAC-SHA256, and remembers signatures so that none is taken twice. An empty key means no
/// signing.
/// </summary>
internal sealed class MessageSigner(string key)
{
    private const int Remembered = 1 << 16;

    private readonly byte[] key = Encoding.UTF8.GetBytes(key);
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();
    private readonly Lock gate = new();

    /// <summary>The signature over the four JSON parts, in hexadecimal; empty without a key.</summary>
    public byte[] Sign(ReadOnlySpan<byte> header, ReadOnlySpan<byte> parent, ReadOnlySpan<byte> metadata,
        ReadOnlySpan<byte> content)
    {
        if (key.Length == 0)
            return [];

        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(header);
        hash.AppendData(parent);
        hash.AppendData(metadata);
        hash.AppendData(content);
        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>Null when the signature is right and new, else why the message must be dropped.</summary>
    public string? Refusal(
        byte[] signature, ReadOnlySpan<byte> header, ReadOnlySpan<byte> parent, ReadOnlySpan<byte> metadata,
        ReadOnlySpan<byte> content)
    {
        if (key.Length == 0)
            return null;

        if (!CryptographicOperations.FixedTimeEquals(Sign(header, parent, metadata, content), signature))
            return "its signature does not match the connection file's key";

        lock (gate)
        {
            var text = Encoding.ASCII.GetString(signature);
            if (!seen.Add(text))
                return "its signature was used before (a replay)";

            order.Enqueue(text);
            if (order.Count > Remembered)
                seen.Remove(order.Dequeue());
        }

        return null;
    }
}
