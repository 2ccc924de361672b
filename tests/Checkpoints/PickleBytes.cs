using System.Buffers.Binary;
using System.Text;

namespace Madtp.Kit.Tests.Checkpoints;

/// <summary>Writes pickles operation by operation, honest or not.</summary>
internal sealed class PickleBytes
{
    private readonly MemoryStream bytes = new();

    public PickleBytes() => Raw(0x80, 2);

    public PickleBytes Raw(params byte[] values)
    {
        bytes.Write(values);
        return this;
    }

    public PickleBytes Op(string characters) => Raw(Encoding.Latin1.GetBytes(characters));

    public PickleBytes Mark() => Op("(");

    public PickleBytes Text(string value)
    {
        var utf8 = Encoding.UTF8.GetBytes(value);
        return Op("X").U32((uint)utf8.Length).Raw(utf8);
    }

    public PickleBytes Number(long value)
    {
        Span<byte> little = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(little, value);
        return Raw(0x8a, 8).Raw(little.ToArray());
    }

    public PickleBytes Global(string module, string name) => Op($"c{module}\n{name}\n");

    public PickleBytes Numbers(params long[] values)
    {
        Mark();
        foreach (var value in values)
            Number(value);

        return Op("t");
    }

    /// <summary>A reference to a storage: its kind (<c>FloatStorage</c>), key and element count.</summary>
    public PickleBytes Storage(string kind, string key, long count) =>
        Mark().Text("storage").Global("torch", kind).Text(key).Text("cpu").Number(count).Op("tQ");

    /// <summary>A tensor over a storage.</summary>
    public PickleBytes Tensor(string kind, string key, long count, long first, long[] shape, long[] strides) =>
        Global("torch._utils", "_rebuild_tensor_v2").Mark().Storage(kind, key, count).Number(first).Numbers(shape).Numbers(strides)
            .Raw(0x89).Global("collections", "OrderedDict").Op(")Rt").Op("R");

    public PickleBytes U32(uint value)
    {
        Span<byte> little = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(little, value);
        return Raw(little.ToArray());
    }

    public PickleBytes U64(ulong value)
    {
        Span<byte> little = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(little, value);
        return Raw(little.ToArray());
    }

    /// <summary>The pickle, with its STOP.</summary>
    public byte[] Stop()
    {
        Op(".");
        return bytes.ToArray();
    }

    /// <summary>The bytes so far, without a STOP.</summary>
    public byte[] Unfinished() => bytes.ToArray();
}
