using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace Madtp.Kit.Data.Images;

/// <summary>Decodes image files through Skia to what PIL's <c>open(f).convert("RGB")</c> gives. Skia hands out transparency
/// unblended and leaves orientation and colour profiles alone; what it does otherwise than PIL (a GIF's transparent pixels; a
/// JPEG without its end marker, which PIL refuses) is settled here.</summary>
internal static class ImageDecoding
{
    /// <summary>Where PIL begins to warn of an attack on memory: an image of so many pixels takes a quarter of a GiB.</summary>
    public const long MaxPixels = 89_478_485;

    private const int HeadLength = 8;

    private static readonly ConcurrentDictionary<string, bool> Examined = new(); // JPEG files: each is warned of once

    /// <summary>Decodes a file's bytes; which format they are in, they tell themselves.</summary>
    /// <exception cref="InvalidDataException">The bytes are no image, too large a one, cut off, or corrupt.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, string name)
    {
        Guard.Data(!file.IsEmpty, $"image '{name}' is empty (0 bytes): fetch or make it again");

        var gif = GifFirstFrame.Find(file);
        if (gif is not null)
        {
            file = gif.WithoutTransparency(file);
        }

        var (image, format) = Read(file, name);
        gif?.FillAround(image);
        if (format == SKEncodedImageFormat.Jpeg)
        {
            CheckJpeg(file, image, name);
        }

        return image;
    }

    private static void CheckJpeg(ReadOnlySpan<byte> file, RgbImage image, string name)
    {
        var segments = JpegSegments.Of(file);
        Guard.Data(segments.IsComplete, $"image '{name}' cannot be read: its JPEG data is cut off; fetch or make it again");

        if (Examined.TryAdd(name, true) && JpegCheck.Damage(file, segments, image) is { } damage)
        {
            Console.Error.WriteLine($"warning: image '{name}' {damage}");
        }
    }

    /// <summary>What Skia makes of a file, however it is damaged.</summary>
    /// <exception cref="InvalidDataException">Skia gives up, or there are too many pixels.</exception>
    public static unsafe (RgbImage Image, SKEncodedImageFormat Format) Read(ReadOnlySpan<byte> file, string name)
    {
        fixed (byte* bytes = file)
        {
            using var data = SKData.Create((nint)bytes, file.Length);
            using var codec = SKCodec.Create(data) ?? throw Unreadable(file, name);
            var format = codec.EncodedFormat;
            var (width, height) = (codec.Info.Width, codec.Info.Height);
            CheckSize(width, height, format, file, name);

            // Native memory becomes real page by page as it is written, so a header that lies about its size costs little.
            var pixels = (nint)NativeMemory.Alloc((nuint)width * (nuint)height, 4);
            try
            {
                var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
                var result = codec.GetPixels(info, pixels);
                if (result != SKCodecResult.Success)
                {
                    var state = result == SKCodecResult.IncompleteInput ? "cut off" : "corrupt";
                    throw new InvalidDataException($"image '{name}' cannot be read: "
                        + $"its {format.ToString().ToUpperInvariant()} data is {state}; fetch or make it again");
                }

                return (new RgbImage(width, height, DropAlpha(new ReadOnlySpan<uint>((void*)pixels, width * height))), format);
            }
            finally
            {
                NativeMemory.Free((void*)pixels);
            }
        }
    }

    private static void CheckSize(int width, int height, SKEncodedImageFormat format, ReadOnlySpan<byte> file, string name)
    {
        // What a byte can hold at most: eight Huffman codes of a JPEG's 8x8 blocks, deflate's 1,032 bytes of one-bit pixels,
        // LZW's longest string. The other formats know no bound.
        long pixelsPerByte = format switch
        {
            SKEncodedImageFormat.Jpeg => 512,
            SKEncodedImageFormat.Png => 8 * 1032,
            SKEncodedImageFormat.Gif => 4096,
            SKEncodedImageFormat.Webp or SKEncodedImageFormat.Bmp => MaxPixels,
            _ => throw Unreadable(file, name),
        };
        var pixels = (long)width * height;
        Guard.Data(pixels is not (<= 0 or > MaxPixels),
            $"image '{name}': its header says {width}x{height} pixels; images of 1 to {MaxPixels} pixels are read");

        Guard.Data(pixels <= file.Length * pixelsPerByte,
            $"image '{name}': {file.Length} bytes cannot hold the {width}x{height} pixels that its header says");
    }

    private static InvalidDataException Unreadable(ReadOnlySpan<byte> file, string name)
    {
        var format = file switch
        {
            [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => "PNG",
            [0xFF, 0xD8, 0xFF, ..] => "JPEG",
            [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => "GIF",
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "WebP",
            [(byte)'B', (byte)'M', ..] => "BMP",
            _ => null,
        };
        return new InvalidDataException(format is null
            ? $"image '{name}' is neither PNG, JPEG, GIF, WebP nor BMP: {Instead(file)}"
            : $"image '{name}' cannot be read: its {format} header is cut off, corrupt, or of a kind that is not known");
    }

    // What people have in the place of pictures.
    private static string Instead(ReadOnlySpan<byte> file) => file switch
    {
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', (byte)'a', (byte)'v', (byte)'i', ..] =>
            "it is AVIF; convert it to PNG",
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', (byte)'h' or (byte)'m', ..] =>
            "it is HEIC, as phones write it; convert it to JPEG or PNG",
        [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..] => "it is TIFF; convert it to PNG",
        [(byte)'%', (byte)'P', (byte)'D', (byte)'F', ..] => "it is PDF",
        [(byte)'<', ..] => "it is text, a page of the web or SVG",
        _ => $"its content begins with {Convert.ToHexString(file[..Math.Min(HeadLength, file.Length)])}",
    };

    private static byte[] DropAlpha(ReadOnlySpan<uint> rgba)
    {
        var rgb = GC.AllocateUninitializedArray<byte>(checked(rgba.Length * 3));
        var at = 0;
        foreach (var pixel in rgba)
        {
            rgb[at] = (byte)pixel;
            rgb[at + 1] = (byte)(pixel >> 8);
            rgb[at + 2] = (byte)(pixel >> 16);
            at += 3;
        }

        return rgb;
    }
}

/// <summary>Where a GIF's first picture lies and what is transparent in it. PIL gives a transparent pixel the colour that the
/// palette has at its index, also around a picture smaller than the screen; Skia would make both black.</summary>
/// <param name="Columns">The picture's columns on the screen.</param>
/// <param name="ControlAt">Where the flags stand that make an index transparent; null if there are none.</param>
/// <param name="Around">The colour around the picture: red, green, blue.</param>
internal sealed record GifFirstFrame(Range Columns, Range Rows, int? ControlAt, (byte Red, byte Green, byte Blue) Around)
{
    private const byte Extension = 0x21;
    private const byte Control = 0xF9;
    private const byte Picture = 0x2C;

    /// <summary>Finds the first picture; null where the bytes are no GIF or end before it.</summary>
    public static GifFirstFrame? Find(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith("GIF8"u8) || file.Length < 13)
        {
            return null;
        }

        var at = 13;
        var palette = Palette(file, ref at, file[10]);
        int? control = null;
        while (at + 10 <= file.Length)
        {
            if (file[at] == Picture)
            {
                var (left, top) = (Number(file, at + 1), Number(file, at + 3));
                var (columns, rows) = (left..(left + Number(file, at + 5)), top..(top + Number(file, at + 7)));
                var flags = file[at + 9];
                at += 10;
                var own = Palette(file, ref at, flags);
                var index = control is { } c && (file[c] & 1) != 0 ? file[c + 3] : 0;
                return new GifFirstFrame(columns, rows, control, Colour(own.IsEmpty ? palette : own, index));
            }

            if (file[at] != Extension)
            {
                at++; // as decoders do with stray bytes
                continue;
            }

            if (file[at + 1] == Control && file[at + 2] >= 4)
            {
                control = at + 3;
            }

            at += 2;
            while (at < file.Length && file[at] != 0)
            {
                at += 1 + file[at];
            }

            at++;
        }

        return null;
    }

    /// <summary>The file with no transparent index.</summary>
    public byte[] WithoutTransparency(ReadOnlySpan<byte> file)
    {
        var opaque = file.ToArray();
        if (ControlAt is { } at)
        {
            opaque[at] &= 0xFE;
        }

        return opaque;
    }

    /// <summary>Paints what lies on the screen around the picture.</summary>
    public void FillAround(RgbImage screen)
    {
        for (var (pixel, at) = (0, 0); at < screen.Pixels.Length; pixel++, at += 3)
        {
            var (y, x) = Math.DivRem(pixel, screen.Width);
            if (y < Rows.Start.Value || y >= Rows.End.Value || x < Columns.Start.Value || x >= Columns.End.Value)
            {
                (screen.Pixels[at], screen.Pixels[at + 1], screen.Pixels[at + 2]) = Around;
            }
        }
    }

    private static ReadOnlySpan<byte> Palette(ReadOnlySpan<byte> file, ref int at, byte flags)
    {
        if ((flags & 0x80) == 0)
        {
            return [];
        }

        var from = Math.Min(at, file.Length);
        at += 3 * (2 << (flags & 7));
        return file[from..Math.Min(at, file.Length)];
    }

    // Without a palette an index is a shade of gray; past a palette's end it is black.
    private static (byte Red, byte Green, byte Blue) Colour(ReadOnlySpan<byte> palette, int index)
        => palette.IsEmpty ? ((byte)index, (byte)index, (byte)index)
            : (index * 3) + 2 < palette.Length ? (palette[index * 3], palette[(index * 3) + 1], palette[(index * 3) + 2])
            : default;

    private static int Number(ReadOnlySpan<byte> file, int at) => BinaryPrimitives.ReadUInt16LittleEndian(file[at..]);
}
