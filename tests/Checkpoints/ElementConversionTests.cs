using System.Runtime.InteropServices;
using Madtp.Kit.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Checkpoints;

public class ElementConversionTests
{
    [Fact]
    public void Every_half_becomes_the_same_single()
    {
        var halves = Enumerable.Range(0, 65536).Select(i => (ushort)i).ToArray();
        var singles = Convert<ushort, float>(ScalarType.Float16, halves, ScalarType.Float32);
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
        var singles = Convert<ushort, float>(ScalarType.BFloat16, brains, ScalarType.Float32);
        var back = Convert<float, ushort>(ScalarType.Float32, singles, ScalarType.BFloat16);
        for (var i = 0; i < brains.Length; i++)
        {
            Assert.True(float.IsNaN(singles[i]) || brains[i] == back[i], $"{i:x4}");
        }
    }

    // 1 + 1/256 lies halfway between two brain floats: the even one is 1; 1 + 3/256 goes up.
    [Fact]
    public void Brain_floats_round_to_even() =>
        Assert.Equal([0x3f80, 0x3f82, 0x3f81, 0x7f80, 0x7fc0], Convert<float, ushort>(ScalarType.Float32, [1 + (1f / 256), 1 + (3f / 256), 1 + (1.1f / 256), float.MaxValue, float.NaN], ScalarType.BFloat16));

    [Fact]
    public void Whole_numbers_keep_every_digit()
    {
        Assert.Equal([long.MaxValue - 1], Convert<long, long>(ScalarType.Int64, [long.MaxValue - 1], ScalarType.Int64));
        Assert.Equal([-5, 70000], Convert<int, long>(ScalarType.Int32, [-5, 70000], ScalarType.Int64));
        Assert.Equal([-5L, 127L], Convert<sbyte, long>(ScalarType.Int8, [-5, 127], ScalarType.Int64));
        Assert.Equal([250f, 3f], Convert<byte, float>(ScalarType.Byte, [250, 3], ScalarType.Float32));
        Assert.Equal([1f, 0f], Convert<bool, float>(ScalarType.Bool, [true, false], ScalarType.Float32));
        Assert.Equal([true, false, true], Convert<double, bool>(ScalarType.Float64, [0.5, 0, -1], ScalarType.Bool));
        Assert.Equal([1, -1], Convert<double, int>(ScalarType.Float64, [1.9, -1.9], ScalarType.Int32));
        Assert.Equal([1.5f], Convert<double, float>(ScalarType.Float64, [1.5], ScalarType.Float32));
        Assert.Equal([(Half)1.5], Convert<float, Half>(ScalarType.Float32, [1.5f], ScalarType.Float16));
    }

    private static TTo[] Convert<TFrom, TTo>(ScalarType from, TFrom[] source, ScalarType to)
        where TFrom : unmanaged
        where TTo : unmanaged
    {
        var result = new TTo[source.Length];
        ElementConversion.Convert(from, MemoryMarshal.AsBytes(source.AsSpan()), to, MemoryMarshal.AsBytes(result.AsSpan()));
        return result;
    }
}
