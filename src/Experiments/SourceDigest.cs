using System.Security.Cryptography;
using System.Text;

namespace Madtp.Kit.Experiments;

/// <summary>Which sources a result was made by.</summary>
internal static class SourceDigest
{
    /// <summary>Digest of every source file of the library: 12 digits that change when one of them does.</summary>
    public static string OfLibrary { get; } = Of(KitFolder.File("src"));

    private static string Of(string folder)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            digest.AppendData(Encoding.UTF8.GetBytes(Path.GetRelativePath(folder, path).Replace('\\', '/')));
            digest.AppendData(File.ReadAllBytes(path));
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset())[..12];
    }
}
