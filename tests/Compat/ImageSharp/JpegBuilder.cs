using System.Runtime.InteropServices;

namespace Madtp.Kit.Tests.Compat.ImageSharp;

/// <summary>Makes JPEG files with libturbojpeg's own encoder.</summary>
internal static unsafe partial class JpegBuilder
{
    private const int Progressive = 16384;

    /// <summary>Encodes RGB pixels. Subsampling by TurboJPEG's numbers: 0 4:4:4, 1 4:2:2, 2 4:2:0, 3 gray, 4 4:4:0, 5 4:1:1.</summary>
    public static byte[] Encode(byte[] rgb, int width, int height, int subsampling, int quality, bool progressive)
    {
        var handle = InitCompress();
        byte* jpeg = null;
        try
        {
            fixed (byte* source = rgb)
            {
                CULong size = default;
                Assert(Compress(handle, source, width, 0, height, 0, &jpeg, &size, subsampling, quality, progressive ? Progressive : 0));
                return new ReadOnlySpan<byte>(jpeg, (int)size.Value).ToArray();
            }
        }
        finally
        {
            Free(jpeg);
            Assert(Destroy(handle));
        }
    }

    private static void Assert(int result) => Xunit.Assert.Equal(0, result);

    [LibraryImport("libturbojpeg.so.0", EntryPoint = "tjInitCompress")]
    private static partial nint InitCompress();

    [LibraryImport("libturbojpeg.so.0", EntryPoint = "tjCompress2")]
    private static partial int Compress(nint handle, byte* source, int width, int pitch, int height, int format, byte** jpeg, CULong* size, int subsampling, int quality, int flags);

    [LibraryImport("libturbojpeg.so.0", EntryPoint = "tjFree")]
    private static partial void Free(byte* buffer);

    [LibraryImport("libturbojpeg.so.0", EntryPoint = "tjDestroy")]
    private static partial int Destroy(nint handle);
}
