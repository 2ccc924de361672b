using System.Runtime.InteropServices;
using System.Security.Cryptography;
using static TorchSharp.torch;

namespace Madtp.Kit.Experiments;

/// <summary>Short digests of what results depend on: 12 digits.</summary>
internal static class FileDigest
{
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
