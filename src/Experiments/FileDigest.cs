using System.Collections.Concurrent;
using Madtp.Kit.Data;
using static TorchSharp.torch;

namespace Madtp.Kit.Experiments;

/// <summary>Short digests of what results depend on: 12 digits.</summary>
internal static class FileDigest
{
    private static readonly ConcurrentDictionary<string, string> Digests = new();
    private static readonly Lazy<string> Library = new(() =>
    {
        var folder = KitFolder.File("src");
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            digest.AppendData(Encoding.UTF8.GetBytes(Path.GetRelativePath(folder, path).Replace('\\', '/')));
            digest.AppendData(File.ReadAllBytes(path));
        }

        return Short(digest.GetHashAndReset());
    });

    /// <summary>Digest of every source file of the library: which code made a result.</summary>
    public static string OfLibrary => Library.Value;

    /// <summary>Digest of a file, computed once in a process for as long as the file's size and time of change stay what they
    /// are; "absent" where there is none.</summary>
    public static string Of(string path) => Known(path, _ => Hash(path));

    /// <summary>The same of a file that may be large: kept for other processes too (<c>artifacts/digests</c>).</summary>
    public static string Remembered(string path) => Known(path, now =>
    {
        var note = KitFolder.File("artifacts", "digests", Short(SHA256.HashData(Encoding.UTF8.GetBytes(now))));
        if (File.Exists(note))
        {
            return File.ReadAllText(note);
        }

        var digest = Hash(path);
        Directory.CreateDirectory(Path.GetDirectoryName(note)!);
        AtomicFile.Write(note, digest);
        return digest;
    });

    /// <summary>Digest of tensors' values.</summary>
    public static string Of(params Tensor[] tensors)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var tensor in tensors)
        {
            using var values = tensor.to(float32).cpu().contiguous();
            digest.AppendData(values.bytes);
        }

        return Short(digest.GetHashAndReset());
    }

    private static string Known(string path, Func<string, string> find)
    {
        var file = new FileInfo(path);
        return !file.Exists ? "absent"
            : Digests.GetOrAdd($"{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}", find);
    }

    private static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Short(SHA256.HashData(file));
    }

    private static string Short(byte[] digest) => Convert.ToHexStringLower(digest)[..12];
}
