using System.Buffers.Binary;
using SkiaSharp;

namespace Madtp.Kit.Data.Images;

/// <summary>Decodes image files through Skia to what PIL's <c>open(f).convert("RGB")</c> gives. Skia hands out transparency
/// unblended and leaves orientation and colour profiles alone. A JPEG without its end marker or a WebP shorter than it says,
/// which PIL refuses and Skia fills up, is refused; a GIF's transparent pixels, which have their palette's colour in PIL, are
/// black.</summary>
internal static class ImageDecoding
{
    /// <summary>Where PIL begins to warn of an attack on memory: an image of so many pixels takes a quarter of a GiB.</summary>
    public const long MaxPixels = 89_478_485;

    private const int HeadLength = 8;

    /// <summary>Decodes a file's bytes; which format they are in, they tell themselves.</summary>
    /// <exception cref="InvalidDataException">The bytes are no image, too large a one, cut off, or corrupt.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, string name)
    {
        Guard.Data(!file.IsEmpty, $"image '{name}' is empty (0 bytes): fetch or make it again");
        var (image, format) = Read(file, name);
        Guard.Data(format != SKEncodedImageFormat.Jpeg || HasEnd(file),
            $"image '{name}' cannot be read: its JPEG data is cut off; fetch or make it again");
        return image;
    }

    // Walks a JPEG from marker to marker; coded data lies between some, in which FF is followed by 00.
    private static bool HasEnd(ReadOnlySpan<byte> file)
    {
        for (var at = 2; at + 1 < file.Length;)
        {
            var marker = file[at] == 0xFF ? file[at + 1] : (byte)0;
            if (marker == 0xD9)
                return true;

            var hasLength = marker is not (0x00 or 0x01 or 0xFF or (>= 0xD0 and <= 0xD7));
            at += hasLength && at + 3 < file.Length ? 2 + BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]) : 1;
        }

        return false;
    }

    /// <summary>What Skia makes of a file, however it is damaged.</summary>
    /// <exception cref="InvalidDataException">Skia gives up, or there are too many pixels.</exception>
    private static unsafe (RgbImage Image, SKEncodedImageFormat Format) Read(ReadOnlySpan<byte> file, string name)
    {
        fixed (byte* bytes = file)
        {
            using var data = SKData.Create((nint)bytes, file.Length);
            using var codec = SKCodec.Create(data) ?? throw Unreadable(file, name);
            var format = codec.EncodedFormat;
            var (width, height) = (codec.Info.Width, codec.Info.Height);
            CheckSize(width, height, format, file, name);
            var isWhole = format != SKEncodedImageFormat.Webp
                || BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) <= file.Length - HeadLength;
            Guard.Data(isWhole, $"image '{name}' cannot be read: its WEBP data is cut off; fetch or make it again");

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
        // What a byte can hold at most: eight Huffman codes of a JPEG's 8x8 blocks, deflate's 1,032 bytes of one-bit pixels. The
        // other formats know no bound; a GIF's picture may be smaller than its canvas, but none in use is so much smaller.
        long pixelsPerByte = format switch
        {
            SKEncodedImageFormat.Jpeg => 512,
            SKEncodedImageFormat.Png => 8 * 1032,
            SKEncodedImageFormat.Gif => 1 << 17,
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
            ? $"image '{name}' is neither PNG, JPEG, GIF, WebP nor BMP: " + (ForeignFile.Of(file)
                ?? $"its content begins with {Convert.ToHexString(file[..Math.Min(HeadLength, file.Length)])}")
            : $"image '{name}' cannot be read: its {format} header is cut off, corrupt, or of a kind that is not known");
    }

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
