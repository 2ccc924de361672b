using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Madtp.Kit.Data;
using static TorchSharp.torch;

namespace Madtp.Kit.Experiments;

/// <summary>Short digests of what results depend on: 12 digits.</summary>
internal static class FileDigest
{
    private static readonly ConcurrentDictionary<string, string> Known = new();

    /// <summary>Digest of a file; "absent" where there is none.</summary>
    public static string Of(string path)
    {
        if (!File.Exists(path))
        {
            return "absent";
        }

        using var file = File.OpenRead(path);
        return Short(SHA256.HashData(file));
    }

    /// <summary>
    /// Digest of a file that may be large: computed once and kept (<c>artifacts/digests</c>) for as long as the file's size and time of
    /// change stay what they are; "absent" where there is none.
    /// </summary>
    public static string Remembered(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            return "absent";
        }

        var now = FormattableString.Invariant($"{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}");
        return Known.GetOrAdd(now, _ =>
        {
            var note = KitFolder.File("artifacts", "digests", Short(SHA256.HashData(Encoding.UTF8.GetBytes(now))));
            if (File.Exists(note))
            {
                return File.ReadAllText(note);
            }

            var digest = Of(path);
            Directory.CreateDirectory(Path.GetDirectoryName(note)!);
            AtomicFile.Write(note, stream => stream.Write(Encoding.UTF8.GetBytes(digest)));
            return digest;
        });
    }

    /// <summary>Digest of tensors' values.</summary>
    public static string Of(params Tensor[] tensors)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var tensor in tensors)
        {
            using var values = tensor.to(float32).cpu();
            digest.AppendData(MemoryMarshal.AsBytes(values.data<float>().ToArray().AsSpan()));
        }

        return Short(digest.GetHashAndReset());
    }

    private static string Short(byte[] digest) => Convert.ToHexStringLower(digest)[..12];
}
