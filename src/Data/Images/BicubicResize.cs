using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Madtp.Kit.Data.Images;

/// <summary>Bicubic resizing with antialiasing, bit for bit as PIL's <c>resize(…, BICUBIC)</c>: Keys' kernel with a = -1/2,
/// widened by the scale when shrinking, its weights rounded to 22 fractional bits; first all rows, rounded to bytes, then all
/// columns.</summary>
public static class BicubicResize
{
    private const double KernelRadius = 2;
    private const int FractionBits = 22;
    private const int Half = 1 << (FractionBits - 1);

    /// <summary>The image at another size; the same object when the size is already right.</summary>
    /// <exception cref="InvalidDataException">It is so long and narrow that what it becomes on the way is too large.</exception>
    public static RgbImage Resize(RgbImage image, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (width != image.Width)
        {
            Guard.Data((long)width * image.Height <= ImageDecoding.MaxPixels,
                $"an image of {image.Width}x{image.Height} pixels is too long and narrow to become one of {width}x{height}");
            image = ResizeRows(image, TapsBetween(image.Width, width));
        }

        return height == image.Height ? image : ResizeColumns(image, TapsBetween(image.Height, height));
    }

    private static RgbImage ResizeRows(RgbImage image, (int First, int[] Weights)[] taps)
    {
        var target = new byte[checked(taps.Length * image.Height * 3)];
        var source = new byte[(image.Width * 3) + 1]; // one more, as a pixel is read as four bytes
        for (var y = 0; y < image.Height; y++)
        {
            image.Pixels.AsSpan(y * image.Width * 3, image.Width * 3).CopyTo(source);
            var row = target.AsSpan(y * taps.Length * 3, taps.Length * 3);
            for (var x = 0; x < taps.Length; x++)
            {
                var (first, weights) = taps[x];
                ref var from = ref source[first * 3];
                var sum = Vector128.Create(Half);
                for (var k = 0; k < weights.Length; k++)
                {
                    var four = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref from, k * 3)));
                    sum += Vector128.WidenLower(Vector128.WidenLower(four.AsByte())).AsInt32() * weights[k];
                }

                sum = Clip(sum);
                row[(x * 3) + 0] = (byte)sum[0];
                row[(x * 3) + 1] = (byte)sum[1];
                row[(x * 3) + 2] = (byte)sum[2];
            }
        }

        return new RgbImage(taps.Length, image.Height, target);
    }

    private static RgbImage ResizeColumns(RgbImage image, (int First, int[] Weights)[] taps)
    {
        var stride = image.Width * 3;
        var target = new byte[checked(taps.Length * stride)];
        for (var y = 0; y < taps.Length; y++)
            BlendRows(image.Pixels.AsSpan(taps[y].First * stride), stride, taps[y].Weights, target.AsSpan(y * stride, stride));

        return new RgbImage(image.Width, taps.Length, target);
    }

    /// <summary>target[i] = Σ_k weights[k] · rows[k][i], sixteen bytes at a time.</summary>
    private static void BlendRows(ReadOnlySpan<byte> rows, int stride, ReadOnlySpan<int> weights, Span<byte> target)
    {
        var i = 0;
        for (; i + 16 <= stride; i += 16)
        {
            Vector128<int> a, b, c, d;
            a = b = c = d = Vector128.Create(Half);
            for (var k = 0; k < weights.Length; k++)
            {
                var (low, high) = Vector128.Widen(Vector128.Create(rows.Slice((k * stride) + i, 16)));
                var (first, second) = Vector128.Widen(low);
                var (third, fourth) = Vector128.Widen(high);
                a += first.AsInt32() * weights[k];
                b += second.AsInt32() * weights[k];
                c += third.AsInt32() * weights[k];
                d += fourth.AsInt32() * weights[k];
            }

            var bytes = Vector128.Narrow(
                Vector128.Narrow(Clip(a), Clip(b)).AsUInt16(),
                Vector128.Narrow(Clip(c), Clip(d)).AsUInt16());
            bytes.CopyTo(target[i..]);
        }

        for (; i < stride; i++)
        {
            var sum = Half;
            for (var k = 0; k < weights.Length; k++)
                sum += rows[(k * stride) + i] * weights[k];

            target[i] = (byte)Math.Clamp(sum >> FractionBits, 0, 255);
        }
    }

    private static Vector128<int> Clip(Vector128<int> sum)
        => Vector128.Min(Vector128.Max(sum >> FractionBits, Vector128<int>.Zero), Vector128.Create(255));

    /// <summary>For each place of the output the first input that it sees, and the weights from there on.</summary>
    private static (int First, int[] Weights)[] TapsBetween(int input, int output)
    {
        var taps = new (int First, int[] Weights)[output];
        var scale = (double)input / output;
        var filterScale = Math.Max(scale, 1);
        var support = KernelRadius * filterScale;
        for (var i = 0; i < output; i++)
        {
            var center = (i + 0.5) * scale;
            var first = Math.Max(0, (int)(center - support + 0.5));
            var end = Math.Min(input, (int)(center + support + 0.5));
            var exact = new double[end - first];
            var sum = 0.0;
            for (var k = 0; k < exact.Length; k++)
            {
                exact[k] = Kernel((k + first - center + 0.5) * (1.0 / filterScale));
                sum += exact[k];
            }

            taps[i] = (first, Array.ConvertAll(exact, weight => Rounded(weight / sum * (1 << FractionBits))));
        }

        return taps;
    }

    private static int Rounded(double value) => (int)(value + (value < 0 ? -0.5 : 0.5));

    private static double Kernel(double x)
    {
        const double a = -0.5;
        x = Math.Abs(x);
        return x < 1 ? (((((a + 2) * x) - (a + 3)) * x) * x) + 1
            : x < 2 ? ((((((x - 5) * x) + 8) * x) - 4) * a)
            : 0;
    }
}
