using System.Runtime.InteropServices;
using SixLabors.ImageSharp.PixelFormats;

namespace SixLabors.ImageSharp.Formats.Jpeg;

/// <summary>Writes baseline JPEG files by libjpeg-turbo.</summary>
internal static class JpegWriter
{
    private const int UsualQuality = 75;

    public static unsafe void Write(Stream stream, ReadOnlySpan<Rgb24> pixels, int width, int height, JpegEncoder encoder)
    {
        var subsampling = encoder.ColorType == JpegEncodingColor.YCbCrRatio444 ? TurboJpeg.Subsampling444 : TurboJpeg.Subsampling420;
        var handle = TurboJpeg.OpenCompressor();
        byte* jpeg = null;
        try
        {
            fixed (Rgb24* source = pixels)
            {
                CULong size = default;
                if (TurboJpeg.Compress(handle, (byte*)source, width, 0, height, TurboJpeg.FormatRgb, &jpeg, &size, subsampling, encoder.Quality ?? UsualQuality, TurboJpeg.FlagAccurateDct) != 0)
                {
                    throw new InvalidOperationException($"JPEG: {Marshal.PtrToStringUTF8(TurboJpeg.GetErrorText(handle))}");
                }

                stream.Write(new ReadOnlySpan<byte>(jpeg, checked((int)size.Value)));
            }
        }
        finally
        {
            TurboJpeg.Free(jpeg);
            _ = TurboJpeg.Destroy(handle);
        }
    }
}
