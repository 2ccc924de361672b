using System.Buffers.Binary;

namespace Madtp.Kit.Data.Images;

/// <summary>What libjpeg warns of and Skia keeps to itself: bytes that stray between a JPEG's segments, data that ends before its
/// pixels do.</summary>
internal static class JpegCheck
{
    private const int MiddleGray = 128;
    private const int PaddingLength = 16;

    /// <summary>What is wrong with a file that could be decoded, in words that follow its name; null for nothing.</summary>
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
        return segments.DataEnds.Count > 1 || segments.IsCmyk || Math.Abs(brightness - MiddleGray) < 3;
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
        try
        {
            return !ImageDecoding.Read(padded.ToArray(), "").Image.Pixels.AsSpan().SequenceEqual(image.Pixels);
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }
}

/// <summary>A JPEG file's outline, as libjpeg walks it: segments with a length, and coded data up to the next marker.</summary>
/// <param name="IsComplete">Whether the walk comes to the end marker, and meets only markers that may stand there.</param>
/// <param name="IsOrderly">Whether nothing strays between segments and restart markers are in order.</param>
/// <param name="DataEnds">Where each run of coded data ends: at a restart marker or at a segment.</param>
internal sealed record JpegSegments(bool IsComplete, bool IsOrderly, bool IsCmyk, IReadOnlyList<int> DataEnds)
{
    private const byte StartOfImage = 0xD8;
    private const byte EndOfImage = 0xD9;
    private const byte StartOfScan = 0xDA;

    /// <summary>Walks a file that begins as a JPEG does.</summary>
    public static JpegSegments Of(ReadOnlySpan<byte> file)
    {
        var (isOrderly, isCmyk, ends) = (true, false, new List<int>());
        var at = 2;
        while (true)
        {
            var marker = NextMarker(file, ref at, out var strayed);
            isOrderly &= !strayed;
            if (marker == EndOfImage)
            {
                return new JpegSegments(true, isOrderly, isCmyk, ends);
            }

            if (IsRestart(marker) || marker == 0x01)
            {
                isOrderly = false;
                continue;
            }

            if (!MayStand(marker, ends.Count > 0) || at + 2 > file.Length)
            {
                return new JpegSegments(false, isOrderly, isCmyk, ends);
            }

            isCmyk |= IsFrame(marker) && at + 7 < file.Length && file[at + 7] == 4;
            at += Math.Max(2, (int)BinaryPrimitives.ReadUInt16BigEndian(file[at..]));
            if (marker == StartOfScan)
            {
                SkipData(file, ref at, ends, ref isOrderly);
            }
        }
    }

    private static byte NextMarker(ReadOnlySpan<byte> file, ref int at, out bool strayed)
    {
        strayed = false;
        while (at + 1 < file.Length)
        {
            if (file[at] == 0xFF && file[at + 1] is not (0x00 or 0xFF))
            {
                at += 2;
                return file[at - 1];
            }

            strayed |= file[at] != 0xFF || file[at + 1] == 0x00;
            at++;
        }

        return 0;
    }

    private static void SkipData(ReadOnlySpan<byte> file, ref int at, List<int> ends, ref bool isOrderly)
    {
        var restarts = 0;
        while (at < file.Length && file[at..].IndexOf((byte)0xFF) is >= 0 and var distance)
        {
            var end = at + distance;
            at = end + 1;
            while (at < file.Length && file[at] == 0xFF)
            {
                at++; // fill before the marker
            }

            var marker = at < file.Length ? file[at] : (byte)0;
            at++;
            if (marker == 0)
            {
                continue; // a coded FF
            }

            ends.Add(end);
            if (!IsRestart(marker))
            {
                at = end;
                return;
            }

            isOrderly &= (marker & 7) == (restarts++ & 7);
        }

        at = file.Length;
    }

    // libjpeg gives up on markers that it does not know, and on a second image or frame after the first one's data.
    private static bool MayStand(byte marker, bool isAfterData)
        => marker >= 0xC0 && marker is not (StartOfImage or 0xC8 or 0xDE or 0xDF or (>= 0xF0 and <= 0xFD))
            && !(isAfterData && IsFrame(marker));

    private static bool IsRestart(byte marker) => marker is >= 0xD0 and <= 0xD7;

    private static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
}
