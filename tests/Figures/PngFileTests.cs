using Madtp.Kit.Figures.Drawing;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

public class PngFileTests
{
    [Theory]
    [InlineData(1, 1, 3)]
    [InlineData(37, 19, 3)]
    [InlineData(24, 24, 4)]
    public void Pixels_come_back(int width, int height, int channels)
    {
        var bytes = new byte[width * height * channels];
        new Random(width).NextBytes(bytes);
        for (var i = 0; i < bytes.Length / 2; i++)
        {
            bytes[i] = (byte)(i / 3);
        }

        var read = PngReader.Read(PngFile.Of(new Raster(width, height, bytes, channels)));
        Assert.Equal((width, height, channels), (read.Width, read.Height, read.Channels));
        Assert.Equal(bytes, read.Bytes);
    }

    [Fact]
    public void The_end_has_its_known_checksum()
    {
        var file = PngFile.Of(new Raster(1, 1, [1, 2, 3]));
        Assert.Equal([0xae, 0x42, 0x60, 0x82], file[^4..]);
    }
}
