using System.Runtime.InteropServices;

namespace SixLabors.ImageSharp.Formats.Jpeg;

/// <summary>The few functions of libjpeg-turbo's own interface (libturbojpeg.so.0) that decoding takes.</summary>
internal static partial class TurboJpeg
{
    /// <summary>Red, green, blue.</summary>
    public const int FormatRgb = 0;

    /// <summary>Cyan, magenta, yellow, black, as stored (Adobe's files store them inverted).</summary>
    public const int FormatCmyk = 11;

    /// <summary>The accurate integer inverse DCT (islow), the same in every build.</summary>
    public const int FlagAccurateDct = 4096;

    /// <summary>What <see cref="GetErrorCode"/> says of data that could be decoded, though not cleanly.</summary>
    public const int Warning = 0;

    private const string Library = "libturbojpeg.so.0";

    [LibraryImport(Library, EntryPoint = "tjInitDecompress")]
    public static partial nint InitDecompress();

    [LibraryImport(Library, EntryPoint = "tjDecompress2")]
    public static unsafe partial int Decompress(nint handle, byte* jpeg, CULong size, byte* target, int width, int pitch, int height, int pixelFormat, int flags);

    [LibraryImport(Library, EntryPoint = "tjGetErrorCode")]
    public static partial int GetErrorCode(nint handle);

    [LibraryImport(Library, EntryPoint = "tjGetErrorStr2")]
    public static partial nint GetErrorText(nint handle);

    [LibraryImport(Library, EntryPoint = "tjDestroy")]
    public static partial int Destroy(nint handle);
}
