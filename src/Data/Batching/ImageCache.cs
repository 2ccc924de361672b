using System.Collections.Concurrent;
using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Data.Batching;

/// <summary>
/// Keeps decoded images in memory, so that small ones (the toy world's 28,000 take 350 MB) are read once and not once an
/// epoch. Full, it keeps what it has and reads the rest from disk.
/// </summary>
/// <param name="maxBytes">How many bytes of pixels are kept.</param>
public sealed class ImageCache(long maxBytes = 1L << 30)
{
    private readonly ConcurrentDictionary<string, RgbImage> images = new();
    private long bytes;

    /// <summary>How many images are kept.</summary>
    public int Count => images.Count;

    /// <summary>The image, from memory or from disk. Its pixels are shared: they must not be changed.</summary>
    /// <param name="path">The file.</param>
    public RgbImage Load(string path)
    {
        if (images.TryGetValue(path, out var known))
        {
            return known;
        }

        var image = RgbImage.Load(path);
        if (Interlocked.Add(ref bytes, image.Pixels.Length) > maxBytes || !images.TryAdd(path, image))
        {
            Interlocked.Add(ref bytes, -image.Pixels.Length);
        }

        return image;
    }
}
