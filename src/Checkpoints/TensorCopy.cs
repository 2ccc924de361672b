using System.Buffers;
using System.Numerics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// Copies stored tensors to their destinations in pieces, on all cores. A piece of the right type is read straight to where it
/// belongs; any other passes through a small buffer. So a whole checkpoint takes little more memory than the model it fills.
/// </summary>
internal sealed class TensorCopy
{
    private const int PieceBytes = 4 << 20;

    private readonly List<(TensorEntry Entry, long First, int Count, ScalarType To, nint Destination)> pieces = [];

    /// <summary>Plans the copy of a tensor to the memory of a contiguous one on the CPU; that memory must outlive <see cref="Run"/>.</summary>
    public unsafe void Add(TensorRecipe recipe, Tensor destination)
    {
        var address = destination.NumberOfElements == 0 ? 0 : (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref destination.bytes[0]);
        foreach (var part in recipe.Parts)
        {
            for (var first = 0L; first < part.ElementCount;)
            {
                var count = (int)Math.Min(part.ElementCount - first, PieceBytes / part.Type.ElementSize());
                pieces.Add((part, first, count, destination.dtype, address));
                address += count * destination.dtype.ElementSize();
                first += count;
            }
        }
    }

    /// <summary>Copies everything planned.</summary>
    /// <exception cref="InvalidDataException">The file ended early.</exception>
    public void Run()
    {
        // In the file's order, so that a disk reads forward.
        pieces.Sort((a, b) => (a.Entry.Start, a.First).CompareTo((b.Entry.Start, b.First)));
        try
        {
            Parallel.ForEach(pieces, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, Copy);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private static unsafe void Copy((TensorEntry Entry, long First, int Count, ScalarType To, nint Destination) piece)
    {
        var (entry, first, count, to, address) = piece;
        var destination = new Span<byte>((void*)address, count * to.ElementSize());
        if (entry.Type == to)
        {
            entry.CopyTo(first, destination);
            return;
        }

        var size = count * entry.Type.ElementSize();
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            entry.CopyTo(first, buffer.AsSpan(0, size));
            ElementConversion.Convert(entry.Type, buffer.AsSpan(0, size), to, destination);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>Converts stored elements to the type a model wants, as PyTorch's <c>copy_</c> does.</summary>
internal static class ElementConversion
{
    /// <summary>A tensor's elements as doubles; for scalars and small tables.</summary>
    public static double[] ToDoubles(TensorEntry entry)
    {
        var bytes = new byte[entry.ByteCount];
        entry.CopyTo(bytes);
        var doubles = new double[entry.ElementCount];
        Convert(entry.Type, bytes, ScalarType.Float64, MemoryMarshal.AsBytes(doubles.AsSpan()));
        return doubles;
    }

    /// <summary>Converts elements one by one; both spans hold the same number of elements.</summary>
    public static void Convert(ScalarType from, ReadOnlySpan<byte> source, ScalarType to, Span<byte> destination)
    {
        if (from == to)
        {
            source.CopyTo(destination);
        }
        else if (to == ScalarType.Float32 && from == ScalarType.Float16)
        {
            HalfToSingle(MemoryMarshal.Cast<byte, ushort>(source), MemoryMarshal.Cast<byte, uint>(destination));
        }
        else if (to == ScalarType.Float32 && from == ScalarType.BFloat16)
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
        var i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out var low, out var high);
            (low << 16).CopyTo(destination[i..]);
            (high << 16).CopyTo(destination[(i + Vector<uint>.Count)..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = (uint)source[i] << 16;
        }
    }

    private static void HalfToSingle(ReadOnlySpan<ushort> source, Span<uint> destination)
    {
        var i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out var low, out var high);
            WidenHalf(low).CopyTo(destination[i..]);
            WidenHalf(high).CopyTo(destination[(i + Vector<uint>.Count)..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = BitConverter.SingleToUInt32Bits((float)BitConverter.UInt16BitsToHalf(source[i]));
        }
    }

    // A half's exponent and fraction, moved into a single's place, are too small by 2^112 exactly; multiplying by that also
    // normalises subnormals. Infinities and NaNs need their exponent filled up.
    private static Vector<uint> WidenHalf(Vector<uint> half)
    {
        var magnitude = (half & new Vector<uint>(0x7fff)) << 13;
        var scaled = Vector.AsVectorUInt32(Vector.AsVectorSingle(magnitude) * new Vector<float>(BitConverter.UInt32BitsToSingle((127u + 112u) << 23)));
        var finite = Vector.LessThan(magnitude, new Vector<uint>(0x7c00u << 13));
        var bits = Vector.ConditionalSelect(finite, scaled, magnitude | new Vector<uint>(0x7f800000));
        return bits | ((half & new Vector<uint>(0x8000)) << 16);
    }

    private static void OneByOne(ScalarType from, ReadOnlySpan<byte> source, ScalarType to, Span<byte> destination)
    {
        var (sourceSize, size) = (from.ElementSize(), to.ElementSize());
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

    private static bool IsWhole(ScalarType type) => type is not (ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64);

    private static long ReadWhole(ScalarType type, ReadOnlySpan<byte> bytes) => type switch
    {
        ScalarType.Int64 => BitConverter.ToInt64(bytes),
        ScalarType.Int32 => BitConverter.ToInt32(bytes),
        ScalarType.Int16 => BitConverter.ToInt16(bytes),
        ScalarType.Int8 => (sbyte)bytes[0],
        _ => bytes[0],
    };

    private static double ReadReal(ScalarType type, ReadOnlySpan<byte> bytes) => type switch
    {
        ScalarType.Float16 => (double)BitConverter.ToHalf(bytes),
        ScalarType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(bytes) << 16),
        ScalarType.Float32 => BitConverter.ToSingle(bytes),
        _ => BitConverter.ToDouble(bytes),
    };

    private static void Write(ScalarType type, Span<byte> bytes, double value)
    {
        switch (type)
        {
            case ScalarType.Float16: MemoryMarshal.Write(bytes, (Half)(float)value); break;
            case ScalarType.BFloat16: MemoryMarshal.Write(bytes, ToBrain((float)value)); break;
            case ScalarType.Float32: MemoryMarshal.Write(bytes, (float)value); break;
            case ScalarType.Float64: MemoryMarshal.Write(bytes, value); break;
            case ScalarType.Bool: bytes[0] = value != 0 ? (byte)1 : (byte)0; break;
            default: WriteWhole(type, bytes, (long)value); break;
        }
    }

    private static void WriteWhole(ScalarType type, Span<byte> bytes, long value)
    {
        switch (type)
        {
            case ScalarType.Int64: MemoryMarshal.Write(bytes, value); break;
            case ScalarType.Int32: MemoryMarshal.Write(bytes, unchecked((int)value)); break;
            case ScalarType.Int16: MemoryMarshal.Write(bytes, unchecked((short)value)); break;
            case ScalarType.Bool: bytes[0] = value != 0 ? (byte)1 : (byte)0; break;
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

/// <summary>What files call element types: one table for all formats. Types that are not in it are not read.</summary>
internal static class ElementNames
{
    private static readonly (ScalarType Type, string Safetensors, string Storage)[] Table =
    [
        (ScalarType.Float16, "F16", "HalfStorage"),
        (ScalarType.BFloat16, "BF16", "BFloat16Storage"),
        (ScalarType.Float32, "F32", "FloatStorage"),
        (ScalarType.Float64, "F64", "DoubleStorage"),
        (ScalarType.Int64, "I64", "LongStorage"),
        (ScalarType.Int32, "I32", "IntStorage"),
        (ScalarType.Int16, "I16", "ShortStorage"),
        (ScalarType.Int8, "I8", "CharStorage"),
        (ScalarType.Byte, "U8", "ByteStorage"),
        (ScalarType.Bool, "BOOL", "BoolStorage"),
    ];

    /// <summary>The name in a safetensors header, such as <c>F32</c>.</summary>
    /// <exception cref="ArgumentException">The format's readers do not know the type.</exception>
    public static string Safetensors(ScalarType type) =>
        Array.Find(Table, row => row.Type == type).Safetensors ?? throw new ArgumentException($"tensors of {type} are not kept in checkpoints", nameof(type));

    /// <summary>The type that a safetensors header calls by this name, or null.</summary>
    public static ScalarType? FromSafetensors(string name) => Find(row => row.Safetensors == name);

    /// <summary>The type that PyTorch keeps in the storage class of this name, or null.</summary>
    public static ScalarType? FromStorage(string name) => Find(row => row.Storage == name);

    private static ScalarType? Find(Predicate<(ScalarType Type, string Safetensors, string Storage)> matches)
    {
        var index = Array.FindIndex(Table, matches);
        return index < 0 ? null : Table[index].Type;
    }
}
