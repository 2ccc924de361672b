using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Images;
using Xunit;

namespace Madtp.Kit.Tests.Data.Images;

public class BicubicResizeTests
{
    [Fact]
    public void Every_size_equals_the_plain_statement_of_the_algorithm() => Prop.ForAll(Cases(), c =>
    {
        var image = Noise(c.Width, c.Height, c.Seed);
        var resized = BicubicResize.Resize(image, c.NewWidth, c.NewHeight);
        return Plain(image, c.NewWidth, c.NewHeight).SequenceEqual(resized.Pixels);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    [Fact]
    public void One_colour_stays_that_colour()
    {
        var gray = new RgbImage(7, 5, [.. Enumerable.Repeat((byte)201, 7 * 5 * 3)]);
        Assert.All(BicubicResize.Resize(gray, 64, 3).Pixels, p => Assert.Equal(201, p));
    }

    [Fact]
    public void The_right_size_is_left_alone()
    {
        var image = Noise(9, 4, 1);
        Assert.Same(image, BicubicResize.Resize(image, 9, 4));
    }

    [Fact]
    public void What_would_be_too_large_on_the_way_is_refused()
    {
        var error = Assert.Throws<InvalidDataException>(() => BicubicResize.Resize(new RgbImage(1, 1_000_000, new byte[3_000_000]), 384, 384));
        Assert.Contains("1x1000000 pixels is too long and narrow", error.Message, StringComparison.Ordinal);
    }

    private static Arbitrary<(int Width, int Height, int NewWidth, int NewHeight, ulong Seed)> Cases()
    {
        var size = Gen.Choose(1, 70);
        return (from w in size from h in size from nw in size from nh in size from s in Gen.Choose(0, 9999) select (w, h, nw, nh, (ulong)s)).ToArbitrary();
    }

    private static RgbImage Noise(int width, int height, ulong seed)
    {
        var random = new SeededRandom(seed);
        return new RgbImage(width, height, [.. Enumerable.Range(0, width * height * 3).Select(_ => (byte)random.Next(256))]);
    }

    /// <summary>The algorithm as SOURCES.md of the image samples states it, one sample at a time.</summary>
    private static byte[] Plain(RgbImage image, int width, int height)
    {
        var pixels = image.Pixels;
        if (width != image.Width)
            pixels = Pass(pixels, image.Height, image.Width, width, image.Width * 3, 3, width * 3, 3);

        return height == image.Height ? pixels : Pass(pixels, width, image.Height, height, 3, width * 3, 3, width * 3);
    }

    private static byte[] Pass(byte[] source, int lines, int input, int output, int lineStep, int step, int targetLineStep, int targetStep)
    {
        var target = new byte[lines * output * 3];
        var scale = (double)input / output;
        var fs = Math.Max(scale, 1);
        for (var line = 0; line < lines; line++)
        {
            for (var x = 0; x < output; x++)
            {
                var center = (x + 0.5) * scale;
                var from = Math.Max(0, (int)(center - (2 * fs) + 0.5));
                var to = Math.Min(input, (int)(center + (2 * fs) + 0.5));
                var w = Enumerable.Range(from, to - from).Select(i => Keys((i - center + 0.5) / fs)).ToArray();
                var sum = w.Sum();
                for (var channel = 0; channel < 3; channel++)
                {
                    long total = 1 << 21;
                    for (var i = from; i < to; i++)
                    {
                        var v = w[i - from] / sum * (1 << 22);
                        total += (long)Math.Truncate(v < 0 ? v - 0.5 : v + 0.5) * source[(line * lineStep) + (i * step) + channel];
                    }

                    target[(line * targetLineStep) + (x * targetStep) + channel] = (byte)Math.Clamp(total >> 22, 0, 255);
                }
            }
        }

        return target;
    }

    private static double Keys(double x)
    {
        x = Math.Abs(x);
        return x < 1 ? (((1.5 * x) - 2.5) * x * x) + 1 : x < 2 ? ((((x - 5) * x) + 8) * x - 4) * -0.5 : 0;
    }
}
