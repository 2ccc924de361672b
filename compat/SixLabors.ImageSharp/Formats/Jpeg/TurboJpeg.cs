using System.Runtime.InteropServices;

namespace SixLabors.ImageSharp.Formats.Jpeg;

/// <summary>The few functions of libjpeg-turbo's own interface (libturbojpeg.so.0) that the kit takes.</summary>
internal static partial class TurboJpeg
{
    /// <summary>Red, green, blue.</summary>
    public const int FormatRgb = 0;

    /// <summary>Cyan, magenta, yellow, black, as stored (Adobe's files store them inverted).</summary>
    public const int FormatCmyk = 11;

    /// <summary>Colour as finely sampled as brightness.</summary>
    public const int Subsampling444 = 0;

    /// <summary>Colour sampled at every second pixel of every second row.</summary>
    public const int Subsampling420 = 2;

    /// <summary>The accurate integer DCT (islow), the same in every build.</summary>
    public const int FlagAccurateDct = 4096;

    /// <summary>What <see cref="GetErrorCode"/> says of data that could be decoded, though not cleanly.</summary>
    public const int Warning = 0;

    private const string Library = "libturbojpeg.so.0";

    /// <summary>A new decoder, to be destroyed.</summary>
    public static nint OpenDecompressor() => Open(InitDecompress);

    /// <summary>A new encoder, to be destroyed.</summary>
    public static nint OpenCompressor() => Open(InitCompress);

    [LibraryImport(Library, EntryPoint = "tjCompress2")]
    public static unsafe partial int Compress(nint handle, byte* source, int width, int pitch, int height, int pixelFormat, byte** jpeg, CULong* size, int subsampling, int quality, int flags);

    [LibraryImport(Library, EntryPoint = "tjFree")]
    public static unsafe partial void Free(byte* buffer);

    [LibraryImport(Library, EntryPoint = "tjDecompress2")]
    public static unsafe partial int Decompress(nint handle, byte* jpeg, CULong size, byte* target, int width, int pitch, int height, int pixelFormat, int flags);

    [LibraryImport(Library, EntryPoint = "tjGetErrorCode")]
    public static partial int GetErrorCode(nint handle);

    [LibraryImport(Library, EntryPoint = "tjGetErrorStr2")]
    public static partial nint GetErrorText(nint handle);

    [LibraryImport(Library, EntryPoint = "tjDestroy")]
    public static partial int Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "tjInitDecompress")]
    private static partial nint InitDecompress();

    [LibraryImport(Library, EntryPoint = "tjInitCompress")]
    private static partial nint InitCompress();

    private static nint Open(Func<nint> start)
    {
        nint handle;
        try
        {
            handle = start();
        }
        catch (DllNotFoundException e)
        {
            throw new DllNotFoundException("JPEG images are read and written by libturbojpeg.so.0, which is not installed (Debian and Ubuntu: apt-get install libturbojpeg0)", e);
        }

        return handle != 0 ? handle : throw new InvalidOperationException("libturbojpeg could not start");
    }
}
