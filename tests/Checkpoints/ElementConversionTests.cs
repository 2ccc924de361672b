using System.Runtime.InteropServices;
using Madtp.Kit.Checkpoints;
using Xunit;

namespace Madtp.Kit.Tests.Checkpoints;

public class ElementConversionTests
{
    [Fact]
    public void Every_half_becomes_the_same_single()
    {
        var halves = Enumerable.Range(0, 65536).Select(i => (ushort)i).ToArray();
        var singles = Convert<ushort, float>(ElementType.Float16, halves, ElementType.Float32);
        for (var i = 0; i < halves.Length; i++)
        {
            var expected = (float)BitConverter.UInt16BitsToHalf(halves[i]);
            Assert.True(float.IsNaN(expected) ? float.IsNaN(singles[i]) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(singles[i]), $"{i:x4}: {expected} {singles[i]}");
        }
    }

    [Fact]
    public void Brain_floats_go_there_and_back()
    {
        var brains = Enumerable.Range(0, 65536).Select(i => (ushort)i).ToArray();
        var singles = Convert<ushort, float>(ElementType.BFloat16, brains, ElementType.Float32);
        var back = Convert<float, ushort>(ElementType.Float32, singles, ElementType.BFloat16);
        for (var i = 0; i < brains.Length; i++)
        {
            Assert.True(float.IsNaN(singles[i]) || brains[i] == back[i], $"{i:x4}");
        }
    }

    // 1 + 1/256 lies halfway between two brain floats: the even one is 1; 1 + 3/256 goes up.
    [Fact]
    public void Brain_floats_round_to_even() =>
        Assert.Equal([0x3f80, 0x3f82, 0x3f81, 0x7f80, 0x7fc0], Convert<float, ushort>(ElementType.Float32, [1 + (1f / 256), 1 + (3f / 256), 1 + (1.1f / 256), float.MaxValue, float.NaN], ElementType.BFloat16));

    [Fact]
    public void Whole_numbers_keep_every_digit()
    {
        Assert.Equal([long.MaxValue - 1], Convert<long, long>(ElementType.Int64, [long.MaxValue - 1], ElementType.Int64));
        Assert.Equal([-5, 70000], Convert<int, long>(ElementType.Int32, [-5, 70000], ElementType.Int64));
        Assert.Equal([-5L, 127L], Convert<sbyte, long>(ElementType.Int8, [-5, 127], ElementType.Int64));
        Assert.Equal([250f, 3f], Convert<byte, float>(ElementType.UInt8, [250, 3], ElementType.Float32));
        Assert.Equal([1f, 0f], Convert<bool, float>(ElementType.Bool, [true, false], ElementType.Float32));
        Assert.Equal([true, false, true], Convert<double, bool>(ElementType.Float64, [0.5, 0, -1], ElementType.Bool));
        Assert.Equal([1, -1], Convert<double, int>(ElementType.Float64, [1.9, -1.9], ElementType.Int32));
        Assert.Equal([1.5f], Convert<double, float>(ElementType.Float64, [1.5], ElementType.Float32));
        Assert.Equal([(Half)1.5], Convert<float, Half>(ElementType.Float32, [1.5f], ElementType.Float16));
    }

    private static TTo[] Convert<TFrom, TTo>(ElementType from, TFrom[] source, ElementType to)
        where TFrom : unmanaged
        where TTo : unmanaged
    {
        var result = new TTo[source.Length];
        ElementConversion.Convert(from, MemoryMarshal.AsBytes(source.AsSpan()), to, MemoryMarshal.AsBytes(result.AsSpan()));
        return result;
    }
}
