using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Images;
using Xunit;

namespace Madtp.Kit.Tests.Data.Images;

public class AugmentationTests
{
    private static readonly RgbImage Noise = Random(17, 11, 3);

    [Fact]
    public void AutoContrast_stretches_each_channel_to_the_full_range()
    {
        var dull = new RgbImage(3, 1, [100, 50, 7, 150, 60, 7, 200, 90, 7]);
        Assert.Equal(new byte[] { 0, 0, 7, 127, 63, 7, 254, 255, 7 } /* PIL truncates 254.99… too */, ColorOperations.AutoContrast(dull).Pixels);
    }

    [Fact]
    public void Equalize_makes_all_values_about_equally_frequent()
    {
        var dark = new RgbImage(64, 64, [.. Enumerable.Range(0, 64 * 64).SelectMany(i => Enumerable.Repeat((byte)(i % 64 * (i % 64) / 64), 3))]);
        var even = ColorOperations.Equalize(dark).Pixels;
        for (var quarter = 0; quarter < 4; quarter++)
            Assert.InRange(even.Count(v => v / 64 == quarter) / (double)even.Length, 0.15, 0.35);

        var flat = new RgbImage(2, 2, [.. Enumerable.Repeat((byte)9, 12)]);
        Assert.Equal(flat.Pixels, ColorOperations.Equalize(flat).Pixels);
    }

    [Fact]
    public void Equalize_follows_PILs_rule()
    {
        // Five pixels of 10, 511 of 20, 4 of 30: the step is (520 - 4) / 255 = 2, so 10 becomes (1 + 0) / 2, 20 (1 + 5) / 2, 30 (1 + 516) / 2.
        byte[] values = [.. Enumerable.Repeat((byte)10, 5), .. Enumerable.Repeat((byte)20, 511), .. Enumerable.Repeat((byte)30, 4)];
        var image = new RgbImage(520, 1, [.. values.SelectMany(v => new[] { v, v, v })]);
        Assert.Equal([0, 3, 255], ColorOperations.Equalize(image).Pixels.Distinct().Select(v => (int)v));
    }

    [Fact]
    public void Moves_by_nothing_change_nothing()
    {
        Assert.Equal(Noise.Pixels, AffineOperations.ShearX(Noise, 0).Pixels);
        Assert.Equal(Noise.Pixels, AffineOperations.ShearY(Noise, 0).Pixels);
        Assert.Equal(Noise.Pixels, AffineOperations.Translate(Noise, 0, 0).Pixels);
        Assert.Equal(Noise.Pixels, AffineOperations.Rotate(Noise, 0).Pixels);
        Assert.Equal(Noise.Pixels, AffineOperations.FlipHorizontally(AffineOperations.FlipHorizontally(Noise)).Pixels);
    }

    [Fact]
    public void Whole_pixels_move_whole_and_gray_comes_in()
    {
        var image = new RgbImage(2, 2, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
        Assert.Equal([128, 1, 128, 3], Gray(AffineOperations.Translate(image, 1, 0)));
        Assert.Equal([3, 4, 128, 128], Gray(AffineOperations.Translate(image, 0, -1)));
        Assert.Equal([2, 1, 4, 3], Gray(AffineOperations.FlipHorizontally(image)));
        Assert.Equal([1, 2, 128, 3], Gray(AffineOperations.ShearX(image, 1)));
        Assert.Equal([1, 128, 3, 2], Gray(AffineOperations.ShearY(image, 1)));
    }

    [Fact]
    public void A_quarter_turn_goes_against_the_clock_about_half_of_width_and_height()
    {
        var image = new RgbImage(2, 2, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
        Assert.Equal([128, 128, 2, 4], Gray(AffineOperations.Rotate(image, 90)));
    }

    [Fact]
    public void Half_pixels_are_mixed()
        => Assert.Equal([69, 15], Gray(AffineOperations.Translate(new RgbImage(2, 1, [10, 10, 10, 20, 20, 20]), 0.5, 0)));

    [Fact]
    public void Crop_cuts_out_and_refuses_what_lies_outside()
    {
        var image = new RgbImage(3, 2, [.. Enumerable.Range(0, 6).SelectMany(v => Enumerable.Repeat((byte)v, 3))]);
        Assert.Equal([1, 2, 4, 5], Gray(AffineOperations.Crop(image, 1, 0, 2, 2)));
        Assert.Throws<ArgumentException>(() => AffineOperations.Crop(image, 2, 0, 2, 2));
    }

    [Fact]
    public void The_part_that_is_cut_out_keeps_to_area_and_shape() => Prop.ForAll(Sizes(), c =>
    {
        var (left, top, w, h) = new TrainingTransform(64).Part(c.Width, c.Height, new SeededRandom(c.Seed));
        var isInside = left >= 0 && top >= 0 && left + w <= c.Width && top + h <= c.Height;
        var isFallback = c.Width * 3 > c.Height * 4 || c.Height * 3 > c.Width * 4; // no part of the wanted shape need fit
        var area = (double)w * h / ((double)c.Width * c.Height);
        var shape = (double)w / h;
        return isInside && (isFallback || (area is > 0.48 and <= 1 && shape is > 0.73 and < 1.37));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void The_part_that_is_cut_out_may_end_with_the_last_row()
        => Assert.Contains(
            Enumerable.Range(0, 500).Select(seed => new TrainingTransform(8).Part(8, 8, new SeededRandom((ulong)seed))),
            part => part.Top > 0 && part.Top + part.Height == 8);

    [Fact]
    public void Long_images_fall_back_to_their_middle()
        => Assert.Equal((450, 0, 133, 100), (new TrainingTransform(64).Part(1033, 100, new SeededRandom(1))));

    [Fact]
    public void Equal_seeds_give_equal_images_and_other_seeds_others()
    {
        var transform = new TrainingTransform(24);
        var image = Random(60, 45, 8);
        Assert.Equal(transform.Apply(image, new SeededRandom(5)).Pixels, transform.Apply(image, new SeededRandom(5)).Pixels);
        var different = Enumerable.Range(0, 50).Select(s => Convert.ToHexString(transform.Apply(image, new SeededRandom((ulong)s)).Pixels)).Distinct();
        Assert.Equal(50, different.Count());
        Assert.Equal((24, 24), (transform.Apply(image, new SeededRandom(1)).Width, transform.Apply(image, new SeededRandom(1)).Height));
    }

    [Fact]
    public void RandAugment_leaves_a_share_of_images_as_they_are_and_changes_the_rest_in_many_ways()
    {
        var dull = new RgbImage(48, 40, [.. Random(48, 40, 2).Pixels.Select(value => (byte)(value * 0.6))]);
        var results = Enumerable.Range(0, 400).Select(s => Convert.ToHexString(RandAugment.Apply(dull, new SeededRandom((ulong)s)).Pixels)).ToArray();

        // Half of the draws do nothing; of the ten, identity, brightness and sharpness do nothing at magnitude 5 either: (1/2 + 1/2 · 3/10)² = 0.42.
        Assert.InRange(results.Count(r => r == Convert.ToHexString(dull.Pixels)) / 400.0, 0.34, 0.5);
        Assert.InRange(results.Distinct().Count(), 30, 200);
    }

    private static Arbitrary<(int Width, int Height, ulong Seed)> Sizes()
        => (from w in Gen.Choose(40, 900) from h in Gen.Choose(40, 900) from s in Gen.Choose(0, 99999) select (w, h, (ulong)s)).ToArbitrary();

    private static RgbImage Random(int width, int height, ulong seed)
    {
        var random = new SeededRandom(seed);
        return new RgbImage(width, height, [.. Enumerable.Range(0, width * height * 3).Select(_ => (byte)random.Next(256))]);
    }

    private static int[] Gray(RgbImage image) => [.. image.Pixels.Where((_, i) => i % 3 == 0).Select(v => (int)v)];
}
