using System.Runtime.InteropServices;

namespace Madtp.Kit.Checkpoints;

/// <summary>Converts stored elements to the type a model wants, as PyTorch's <c>copy_</c> does.</summary>
internal static class ElementConversion
{
    /// <summary>A tensor's elements as doubles; for scalars and small tables.</summary>
    public static double[] ToDoubles(TensorEntry entry)
    {
        var bytes = new byte[entry.ByteCount];
        entry.CopyTo(bytes);
        var doubles = new double[entry.ElementCount];
        Convert(entry.Type, bytes, ElementType.Float64, MemoryMarshal.AsBytes(doubles.AsSpan()));
        return doubles;
    }

    /// <summary>Converts elements one by one; both spans hold the same number of elements.</summary>
    public static void Convert(ElementType from, ReadOnlySpan<byte> source, ElementType to, Span<byte> destination)
    {
        if (from == to)
        {
            source.CopyTo(destination);
        }
        else if (to == ElementType.Float32 && from == ElementType.Float16)
        {
            HalfToSingle(MemoryMarshal.Cast<byte, ushort>(source), MemoryMarshal.Cast<byte, uint>(destination));
        }
        else if (to == ElementType.Float32 && from == ElementType.BFloat16)
        {
            BrainToSingle(MemoryMarshal.Cast<byte, ushort>(source), MemoryMarshal.Cast<byte, uint>(destination));
        }
        else
        {
            OneByOne(from, source, to, destination);
        }
    }

    private static void BrainToSingle(ReadOnlySpan<ushort> source, Span<uint> destination)
    {
        for (var i = 0; i < source.Length; i++)
        {
            destination[i] = (uint)source[i] << 16;
        }
    }

    // A half's exponent and fraction, moved into a single's place, are too small by 2^112 exactly; multiplying by that also
    // normalises subnormals. Infinities and NaNs need their exponent filled up.
    private static void HalfToSingle(ReadOnlySpan<ushort> source, Span<uint> destination)
    {
        var scale = BitConverter.UInt32BitsToSingle((127u + 112u) << 23);
        for (var i = 0; i < source.Length; i++)
        {
            var magnitude = (uint)(source[i] & 0x7fff) << 13;
            var bits = BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(magnitude) * scale);
            bits = magnitude >= 0x7c00u << 13 ? magnitude | 0x7f800000u : bits;
            destination[i] = bits | ((uint)(source[i] & 0x8000) << 16);
        }
    }

    private static void OneByOne(ElementType from, ReadOnlySpan<byte> source, ElementType to, Span<byte> destination)
    {
        var (sourceSize, size) = (from.Size(), to.Size());
        for (int i = 0, count = source.Length / sourceSize; i < count; i++)
        {
            var element = source.Slice(i * sourceSize, sourceSize);
            var target = destination.Slice(i * size, size);
            // Whole numbers go through long, so that 64-bit identifiers keep every digit.
            if (IsWhole(from) && IsWhole(to))
            {
                WriteWhole(to, target, ReadWhole(from, element));
            }
            else
            {
                Write(to, target, IsWhole(from) ? ReadWhole(from, element) : ReadReal(from, element));
            }
        }
    }

    private static bool IsWhole(ElementType type) => type >= ElementType.Int64;

    private static long ReadWhole(ElementType type, ReadOnlySpan<byte> bytes) => type switch
    {
        ElementType.Int64 => BitConverter.ToInt64(bytes),
        ElementType.Int32 => BitConverter.ToInt32(bytes),
        ElementType.Int16 => BitConverter.ToInt16(bytes),
        ElementType.Int8 => (sbyte)bytes[0],
        _ => bytes[0],
    };

    private static double ReadReal(ElementType type, ReadOnlySpan<byte> bytes) => type switch
    {
        ElementType.Float16 => (double)BitConverter.ToHalf(bytes),
        ElementType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(bytes) << 16),
        ElementType.Float32 => BitConverter.ToSingle(bytes),
        _ => BitConverter.ToDouble(bytes),
    };

    private static void Write(ElementType type, Span<byte> bytes, double value)
    {
        switch (type)
        {
            case ElementType.Float16: MemoryMarshal.Write(bytes, (Half)(float)value); break;
            case ElementType.BFloat16: MemoryMarshal.Write(bytes, ToBrain((float)value)); break;
            case ElementType.Float32: MemoryMarshal.Write(bytes, (float)value); break;
            case ElementType.Float64: MemoryMarshal.Write(bytes, value); break;
            case ElementType.Bool: bytes[0] = value != 0 ? (byte)1 : (byte)0; break;
            default: WriteWhole(type, bytes, (long)value); break;
        }
    }

    private static void WriteWhole(ElementType type, Span<byte> bytes, long value)
    {
        switch (type)
        {
            case ElementType.Int64: MemoryMarshal.Write(bytes, value); break;
            case ElementType.Int32: MemoryMarshal.Write(bytes, unchecked((int)value)); break;
            case ElementType.Int16: MemoryMarshal.Write(bytes, unchecked((short)value)); break;
            case ElementType.Bool: bytes[0] = value != 0 ? (byte)1 : (byte)0; break;
            default: bytes[0] = unchecked((byte)value); break;
        }
    }

    // Round to nearest, ties to even; a NaN stays one.
    private static ushort ToBrain(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7fc0 : (ushort)((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
    }
}
