using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using Xunit;

namespace Madtp.Kit.Tests.Compat.ImageSharp;

public class PngTests
{
    public static TheoryData<int, int, bool> Kinds()
    {
        var kinds = new TheoryData<int, int, bool>();
        foreach (var (color, depths) in new[] { (0, new[] { 1, 2, 4, 8, 16 }), (2, [8, 16]), (3, [1, 2, 4, 8]), (4, [8, 16]), (6, [8, 16]) })
        {
            foreach (var depth in depths)
            {
                kinds.Add(color, depth, false);
                kinds.Add(color, depth, true);
            }
        }

        return kinds;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_is_read_at_every_size(int color, int depth, bool interlaced)
    {
        var random = new Random((color * 100) + depth);
        foreach (var (width, height) in new[] { (1, 1), (2, 1), (1, 7), (5, 3), (8, 8), (9, 17), (33, 20) })
        {
            var (png, expected) = Make(width, height, color, depth, interlaced, random);
            using var image = Image.Load<Rgba32>(png);
            Assert.Equal((width, height), (image.Width, image.Height));
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i], image[i % width, i / width]);
            }

            using var opaque = Image.Load<Rgb24>(png);
            var last = expected[^1];
            Assert.Equal(new Rgb24(last.R, last.G, last.B), opaque[width - 1, height - 1]);
        }
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(0, 2)]
    [InlineData(2, 8)]
    [InlineData(2, 16)]
    public void One_colour_can_be_transparent(int color, int depth)
    {
        var key = 3 % (1 << depth);
        var png = new PngBuilder(2, 1, depth, color)
        {
            Sample = (_, x, _) => x == 0 ? key : 1,
            Transparency = [.. Enumerable.Repeat(new byte[] { 0, (byte)key }, color == 0 ? 1 : 3).SelectMany(b => b)],
        }.Build(new Random(1));
        using var image = Image.Load<Rgba32>(png);
        Assert.Equal(0, image[0, 0].A);
        Assert.Equal(255, image[1, 0].A);
    }

    [Fact]
    public void Every_cut_is_an_error()
    {
        var (png, _) = Make(9, 6, 2, 8, interlaced: true, new Random(2));
        for (var length = 0; length < png.Length; length++)
        {
            Assert.ThrowsAny<ImageFormatException>(() => Image.Load<Rgb24>(png.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Every_changed_byte_is_an_image_or_a_named_error()
    {
        var (png, _) = Make(6, 5, 3, 4, interlaced: false, new Random(3));
        var errors = 0;
        for (var at = 8; at < png.Length; at++)
        {
            var damaged = (byte[])png.Clone();
            damaged[at] ^= 0x55;
            try
            {
                Image.Load<Rgb24>(damaged).Dispose();
            }
            catch (ImageFormatException)
            {
                errors++;
            }
        }

        Assert.True(errors > png.Length / 2, $"{errors} of {png.Length}");
    }

    [Theory]
    [InlineData(2_000_000_000, 2_000_000_000)]
    [InlineData(13_000, 13_000)]
    [InlineData(0, 5)]
    public void A_header_that_lies_about_its_size_takes_no_memory(int width, int height)
    {
        using var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        PngBuilder.Chunk(file, "IHDR", [.. BitConverter.GetBytes(width).Reverse(), .. BitConverter.GetBytes(height).Reverse(), 8, 2, 0, 0, 0]);
        PngBuilder.Chunk(file, "IDAT", [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01]);
        PngBuilder.Chunk(file, "IEND", []);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidImageContentException>(() => Image.Load<Rgb24>(file.ToArray()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_is_written_is_read_back_and_equal_pixels_give_equal_bytes(int channels)
    {
        var samples = new byte[23 * 11 * channels];
        new Random(channels).NextBytes(samples.AsSpan(samples.Length / 2));
        byte[] Write()
        {
            using var image = channels switch
            {
                1 => (Image)Image.LoadPixelData<L8>(samples, 23, 11),
                3 => Image.LoadPixelData<Rgb24>(samples, 23, 11),
                _ => Image.LoadPixelData<Rgba32>(samples, 23, 11),
            };
            using var stream = new MemoryStream();
            image.SaveAsPng(stream);
            return stream.ToArray();
        }

        var png = Write();
        Assert.Equal(png, Write());
        Assert.Equal(new byte[] { 0, 2, 6 }[channels / 2], png[25]); // the colour type: gray, RGB, RGBA
        var back = new byte[samples.Length];
        switch (channels)
        {
            case 1:
                Image.Load<L8>(png).CopyPixelDataTo(back.AsSpan());
                break;
            case 3:
                Image.Load<Rgb24>(png).CopyPixelDataTo(back.AsSpan());
                break;
            default:
                Image.Load<Rgba32>(png).CopyPixelDataTo(back.AsSpan());
                break;
        }

        Assert.Equal(samples, back);
    }

    private static (byte[] Png, Rgba32[] Expected) Make(int width, int height, int color, int depth, bool interlaced, Random random)
    {
        var values = new Dictionary<(int, int, int), int>();
        int Sample(int y, int x, int s) => values.TryGetValue((y, x, s), out var v) ? v : values[(y, x, s)] = random.Next(1 << depth);
        var palette = new byte[3 << Math.Min(depth, 8)];
        random.NextBytes(palette);
        var builder = new PngBuilder(width, height, depth, color)
        {
            Interlaced = interlaced,
            Sample = Sample,
            Palette = color == 3 ? palette : null,
            Transparency = color == 3 ? [7, 200] : null,
        };
        var png = builder.Build(random);
        byte Byte(int v) => (byte)(depth == 16 ? v >> 8 : v * 255 / ((1 << depth) - 1));
        var expected = new Rgba32[width * height];
        for (var i = 0; i < expected.Length; i++)
        {
            int S(int s) => Sample(i / width, i % width, s);
            expected[i] = color switch
            {
                0 => new Rgba32(Byte(S(0)), Byte(S(0)), Byte(S(0))),
                2 => new Rgba32(Byte(S(0)), Byte(S(1)), Byte(S(2))),
                3 => new Rgba32(palette[S(0) * 3], palette[(S(0) * 3) + 1], palette[(S(0) * 3) + 2], S(0) == 0 ? (byte)7 : S(0) == 1 ? (byte)200 : (byte)255),
                4 => new Rgba32(Byte(S(0)), Byte(S(0)), Byte(S(0)), Byte(S(1))),
                _ => new Rgba32(Byte(S(0)), Byte(S(1)), Byte(S(2)), Byte(S(3))),
            };
        }

        return (png, expected);
    }
}
