using Madtp.Kit.Data.Images;
using Xunit;

namespace Madtp.Kit.Tests.Data.Images;

public class PngDecodingTests
{
    public static TheoryData<int, int, bool> Kinds()
    {
        var kinds = new TheoryData<int, int, bool>();
        (int Color, int[] Depths)[] all = [(0, [1, 2, 4, 8, 16]), (2, [8, 16]), (3, [1, 2, 4, 8]), (4, [8, 16]), (6, [8, 16])];
        foreach (var (color, depths) in all)
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
    public void Every_kind_is_read_at_every_size_and_alpha_is_dropped(int color, int depth, bool interlaced)
    {
        var random = new Random((color * 100) + depth);
        foreach (var (width, height) in new[] { (1, 1), (2, 1), (1, 7), (5, 3), (8, 8), (9, 17), (33, 20) })
        {
            var (png, expected) = Make(width, height, color, depth, interlaced, random);
            var image = RgbImage.Decode(png, "some.png");
            Assert.Equal((width, height), (image.Width, image.Height));
            Assert.Equal(expected, image.Pixels);
        }
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(0, 2)]
    [InlineData(2, 8)]
    [InlineData(2, 16)]
    public void The_one_transparent_colour_is_kept(int color, int depth)
    {
        var key = depth == 16 ? 0x0303 : 3 % (1 << depth);
        byte[] stored = depth == 16 ? [3, 3] : [0, (byte)key];
        var png = new PngBuilder(2, 1, depth, color)
        {
            Sample = (_, x, _) => x == 0 ? key : 1,
            Transparency = [.. Enumerable.Repeat(stored, color == 0 ? 1 : 3).SelectMany(b => b)],
        }.Build(new Random(1));
        Assert.All(RgbImage.Decode(png, "key.png").Pixels[..3], p => Assert.Equal(depth == 2 ? 255 : 3, p));
    }

    [Fact]
    public void Every_cut_before_the_last_pixel_is_a_named_error()
    {
        var (png, _) = Make(9, 6, 2, 8, interlaced: true, new Random(2));
        const int End = 12 + 12 + 8; // the end chunk and the data's checksum: PIL does without them as well
        for (var length = 0; length < png.Length - End; length++)
        {
            var error = Assert.Throws<InvalidDataException>(() => RgbImage.Decode(png.AsSpan(0, length), "cut.png"));
            Assert.Contains("cut.png", error.Message);
        }
    }

    [Fact]
    public void Every_changed_byte_is_an_image_or_a_named_error()
    {
        var (png, _) = Make(6, 5, 3, 4, interlaced: false, new Random(3));
        Assert.InRange(DamagedFiles.CountErrors(png), png.Length / 2, png.Length);
    }

    [Theory]
    [InlineData(2_000_000_000, 2_000_000_000, "is cut off, corrupt")]
    [InlineData(13_000, 13_000, "89478485 pixels are read")]
    [InlineData(9_000, 9_000, "cannot hold the 9000x9000 pixels")]
    [InlineData(0, 5, "is cut off, corrupt")]
    public void A_header_that_lies_about_its_size_takes_no_memory(int width, int height, string reason)
    {
        using var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        byte[] header = [.. BitConverter.GetBytes(width).Reverse(), .. BitConverter.GetBytes(height).Reverse(), 8, 2, 0, 0, 0];
        PngBuilder.Chunk(file, "IHDR", header);
        PngBuilder.Chunk(file, "IDAT", [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01]);
        PngBuilder.Chunk(file, "IEND", []);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidDataException>(() => RgbImage.Decode(file.ToArray(), "large.png"));
        Assert.Contains("large.png", error.Message);
        Assert.Contains(reason, error.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    private static (byte[] Png, byte[] Expected) Make(int width, int height, int color, int depth, bool interlaced, Random random)
    {
        var values = new Dictionary<(int, int, int), int>();
        int Sample(int y, int x, int s)
            => values.TryGetValue((y, x, s), out var v) ? v : values[(y, x, s)] = random.Next(1 << depth);
        var palette = new byte[3 << Math.Min(depth, 8)];
        random.NextBytes(palette);
        var png = new PngBuilder(width, height, depth, color)
        {
            Interlaced = interlaced,
            Sample = Sample,
            Palette = color == 3 ? palette : null,
            Transparency = color == 3 ? [7, 0] : null,
        }.Build(random);
        var expected = Enumerable.Range(0, width * height).SelectMany(i =>
        {
            byte Byte(int s)
            {
                var v = Sample(i / width, i % width, s);
                return (byte)(depth == 16 ? v >> 8 : v * 255 / ((1 << depth) - 1));
            }

            var at = color == 3 ? Sample(i / width, i % width, 0) * 3 : 0;
            return color switch
            {
                3 => palette[at..(at + 3)],
                0 or 4 => [Byte(0), Byte(0), Byte(0)],
                _ => new[] { Byte(0), Byte(1), Byte(2) },
            };
        });
        return (png, [.. expected]);
    }
}
