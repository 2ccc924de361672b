namespace TorchSharp.Interop;

/// <summary>
/// One argument of an operator on its way to native code. Implicit conversions let a call read like the operator's
/// schema; the object is kept so that nothing it owns is collected during the call.
/// </summary>
internal readonly struct Argument
{
    private Argument(Tag tag, long bits, object? owner = null)
    {
        Tag = tag;
        Bits = bits;
        Owner = owner;
    }

    /// <summary>None, where the schema allows it.</summary>
    public static Argument None => new(Tag.None, 0);

    public Tag Tag { get; }

    public long Bits { get; }

    public object? Owner { get; }

    public static implicit operator Argument(torch.Tensor? tensor)
        => tensor is null ? None : new(Tag.Tensor, 0, tensor);

    public static implicit operator Argument(Scalar? scalar) => scalar is null ? None : scalar.Argument;

    public static implicit operator Argument(long value) => new(Tag.Int, value);

    public static implicit operator Argument(long? value) => value is { } known ? known : None;

    public static implicit operator Argument(double value) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value));

    public static implicit operator Argument(bool value) => new(Tag.Bool, value ? 1 : 0);

    public static implicit operator Argument(long[]? values)
        => values is null ? None : new(Tag.IntList, values.Length, values);

    public static implicit operator Argument(ReadOnlySpan<long> values) => values.ToArray();

    public static implicit operator Argument(double[]? values)
        => values is null ? None : new(Tag.DoubleList, values.Length, values);

    public static implicit operator Argument(torch.Tensor?[]? tensors)
        => tensors is null ? None : new(Tag.TensorList, tensors.Length, tensors);

    public static implicit operator Argument(string? text)
        => text is null ? None : new(Tag.String, System.Text.Encoding.UTF8.GetByteCount(text), text);

    public static implicit operator Argument(torch.ScalarType type) => new(Tag.Int, (long)type);

    public static implicit operator Argument(torch.ScalarType? type) => type is { } known ? known : None;

    public static implicit operator Argument(torch.Device? device)
        => device is null ? None : new(Tag.Device, device.Packed);

    public static implicit operator Argument(torch.Generator? generator)
        => generator is null ? None : new(Tag.Generator, generator.Handle, generator);

    /// <summary>Eight-byte cells of scratch memory that the argument's list or text needs.</summary>
    public int ScratchCells => Tag switch
    {
        Tag.IntList or Tag.DoubleList or Tag.TensorList => (int)Bits,
        Tag.String => ((int)Bits / 8) + 1,
        _ => 0,
    };

    /// <summary>Writes the native form; lists and text go to <paramref name="scratch"/>.</summary>
    /// <returns>The first free cell of the scratch memory.</returns>
    public unsafe long* Write(Value* value, long* scratch)
    {
        value->Tag = Tag;
        switch (Tag)
        {
            case Tag.Tensor:
                value->Pointer = ((torch.Tensor)Owner!).Handle;
                return scratch;
            case Tag.IntList or Tag.DoubleList or Tag.TensorList or Tag.String:
                value->Count = (int)Bits;
                value->Pointer = (nint)scratch;
                CopyTo(scratch);
                return scratch + ScratchCells;
            default:
                value->Integer = Bits;
                return scratch;
        }
    }

    private unsafe void CopyTo(long* scratch)
    {
        var count = (int)Bits;
        switch (Owner)
        {
            case long[] integers:
                integers.CopyTo(new Span<long>(scratch, count));
                break;
            case double[] reals:
                reals.CopyTo(new Span<double>(scratch, count));
                break;
            case string text:
                System.Text.Encoding.UTF8.GetBytes(text, new Span<byte>(scratch, count));
                break;
            case torch.Tensor?[] tensors:
                for (var i = 0; i < count; i++)
                {
                    scratch[i] = tensors[i]?.Handle ?? 0;
                }

                break;
        }
    }
}
