namespace Madtp.Kit.Data.Images;

/// <summary>
/// What libjpeg warns of and Skia keeps to itself: bytes that stray between a JPEG's segments, data that ends before its
/// pixels do.
/// </summary>
internal static class JpegCheck
{
    private const int MiddleGray = 128;
    private const int PaddingLength = 16;

    /// <summary>What is wrong with a file that could be decoded, in words that follow its name; null for nothing.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="segments">Its outline.</param>
    /// <param name="image">What Skia made of it.</param>
    public static string? Damage(ReadOnlySpan<byte> file, JpegSegments segments, RgbImage image)
        => !segments.IsOrderly ? "holds stray bytes or markers; it is read as far as it makes sense"
            : MayEndEarly(segments, image) && EndsEarly(file, segments, image)
                ? "ends before all of its pixels; the missing ones are gray"
            : null;

    // Where one scan holds all, missing blocks are middle gray down to the last corner; whole images seldom end like that.
    private static bool MayEndEarly(JpegSegments segments, RgbImage image)
    {
        var last = image.Pixels.AsSpan(^3..);
        var brightness = (0.299 * last[0]) + (0.587 * last[1]) + (0.114 * last[2]);
        return segments.DataEnds.Count > 1 || segments.IsInks || Math.Abs(brightness - MiddleGray) < 3;
    }

    // Bytes put behind the data change nothing unless a decoder that still lacks pixels takes them for data.
    private static bool EndsEarly(ReadOnlySpan<byte> file, JpegSegments segments, RgbImage image)
    {
        ReadOnlySpan<byte> padding = [.. Enumerable.Repeat((byte)0xAA, PaddingLength)];
        using var padded = new MemoryStream(file.Length + (PaddingLength * segments.DataEnds.Count));
        var from = 0;
        foreach (var end in segments.DataEnds)
        {
            padded.Write(file[from..end]);
            padded.Write(padding);
            from = end;
        }

        padded.Write(file[from..]);
        return ImageDecoding.TryDecode(padded.GetBuffer().AsSpan(0, (int)padded.Length)) is not { } other
            || !other.Pixels.AsSpan().SequenceEqual(image.Pixels);
    }
}
