using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Madtp.Kit.Checkpoints;

/// <summary>A class or function that a pickle names. It is a pair of names and nothing more: none is ever looked up.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => Module.Length == 0 ? Name : $"{Module}.{Name}";
}

/// <summary>
/// A dictionary of a pickle, in the order it was filled; keys are kept as they came, so that hashing runs no foreign rule.
/// </summary>
internal sealed class PickleDictionary
{
    /// <summary>Keys and values in order.</summary>
    public List<(object? Key, object? Value)> Items { get; } = [];
}

/// <summary>
/// An object of a pickle that is neither a tensor nor plain data. It was not constructed, only its type's name is known.
/// </summary>
public sealed class PickledObject
{
    internal PickledObject(string type) => Type = type;

    /// <summary>The type's name in Python, such as <c>argparse.Namespace</c>.</summary>
    public string Type { get; }

    /// <summary>Its attributes, as data.</summary>
    internal object? State { get; set; }

    /// <summary>Its items, where it is a dictionary of a class of its own.</summary>
    internal PickleDictionary? Items { get; set; }

    /// <inheritdoc/>
    public override string ToString() => $"<{Type}>";
}

/// <summary>
/// Reads pickles (protocols 0 to 5) as data. It keeps a stack and a memo like Python's, but nothing it does runs code: a name
/// stays a name, and a call becomes what <see cref="TorchPickle"/> makes of it, a tensor or an opaque <see
/// cref="PickledObject"/>. Each step makes at most one object or consumes what it takes, so memory is bounded by the pickle's
/// length and the number of steps.
/// </summary>
internal sealed class PickleMachine(TorchPickle vocabulary)
{
    /// <summary>
    /// The longest pickle that is read, in bytes. The largest checkpoints' own are a few hundred kilobytes: tensors lie outside.
    /// </summary>
    public const int MaximumLength = 16_000_000;

    // A tensor takes about 40 operations, so this is room for 100,000 of them.
    private const int MaximumOperations = 4_000_000;
    private const int MaximumIntegerBytes = 1024;
    private const int HighestProtocol = 5;

    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = new();
    private readonly Dictionary<uint, object?> memo = [];

    /// <summary>Runs to the STOP and returns the value; <paramref name="consumed"/> is the pickle's length.</summary>
    /// <exception cref="InvalidDataException">The pickle is damaged.</exception>
    public object? Read(ReadOnlySpan<byte> bytes, out int consumed)
    {
        var reader = new PickleReader(bytes);
        try
        {
            for (var operation = 0; operation < MaximumOperations; operation++)
            {
                var code = reader.Byte();
                if (code == '.')
                {
                    consumed = reader.Position;
                    return Pop();
                }

                Damage.Unless(
                    Simple(code, ref reader) || Text(code, ref reader) || Collection(code) || Memo(code, ref reader)
                        || Object(code, ref reader),
                    $"operation 0x{code:x2}{(code is > 32 and < 127 ? $" ('{(char)code}')" : "")} is not one a checkpoint needs");
            }

            throw new InvalidDataException($"it has more than {MaximumOperations} operations");
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"its pickle, at byte {reader.Position}: {e.Message}", e);
        }
    }

    private bool Simple(byte code, ref PickleReader reader)
    {
        switch (code)
        {
            case 0x80:
                var protocol = reader.Byte();
                Damage.Unless(protocol <= HighestProtocol,
                    $"protocol {protocol} is newer than {HighestProtocol}, the last one known");
                return true;
            case 0x95: reader.Take(8); return true; // FRAME: only a hint
            case (byte)'N': stack.Add(null); return true;
            case 0x88: stack.Add(true); return true;
            case 0x89: stack.Add(false); return true;
            case (byte)'K': stack.Add((long)reader.Byte()); return true;
            case (byte)'M': stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(reader.Take(2))); return true;
            case (byte)'J': stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(reader.Take(4))); return true;
            case 0x8a: stack.Add(Integer(reader.Take(reader.Byte()))); return true;
            case 0x8b: stack.Add(Integer(reader.Take(reader.Length(4), MaximumIntegerBytes))); return true;
            case (byte)'G': stack.Add(BinaryPrimitives.ReadDoubleBigEndian(reader.Take(8))); return true;
            case (byte)'I': stack.Add(DecimalLine(reader.Line())); return true;
            case (byte)'L': stack.Add(DecimalLine(reader.Line().TrimEnd('L'))); return true;
            case (byte)'F': stack.Add(FloatLine(reader.Line())); return true;
            case (byte)'0': Pop(); return true;
            case (byte)'1': TakeMarked(); return true;
            case (byte)'2': stack.Add(Peek()); return true;
            case (byte)'(': marks.Push(stack.Count); return true;
            default: return false;
        }
    }

    private bool Text(byte code, ref PickleReader reader)
    {
        switch (code)
        {
            case 0x8c: stack.Add(Encoding.UTF8.GetString(reader.Take(reader.Byte()))); return true;
            case (byte)'X': stack.Add(Encoding.UTF8.GetString(reader.Take(reader.Length(4)))); return true;
            case 0x8d: stack.Add(Encoding.UTF8.GetString(reader.Take(reader.Length(8)))); return true;
            case (byte)'V' or (byte)'S': stack.Add(reader.Line()); return true;
            case (byte)'U': stack.Add(Encoding.Latin1.GetString(reader.Take(reader.Byte()))); return true;
            case (byte)'T': stack.Add(Encoding.Latin1.GetString(reader.Take(reader.Length(4)))); return true;
            case (byte)'C': stack.Add(reader.Take(reader.Byte()).ToArray()); return true;
            case (byte)'B': stack.Add(reader.Take(reader.Length(4)).ToArray()); return true;
            case 0x8e or 0x96: stack.Add(reader.Take(reader.Length(8)).ToArray()); return true;
            default: return false;
        }
    }

    private bool Collection(byte code)
    {
        switch (code)
        {
            case (byte)']' or 0x8f: stack.Add(new List<object?>()); return true;
            case (byte)'}': stack.Add(new PickleDictionary()); return true;
            case (byte)')': stack.Add(Array.Empty<object?>()); return true;
            case (byte)'l' or 0x91: stack.Add(new List<object?>(TakeMarked())); return true;
            case (byte)'t': stack.Add(TakeMarked()); return true;
            case (byte)'d':
                var items = TakeMarked();
                stack.Add(new PickleDictionary());
                SetItems(items);
                return true;
            case 0x85: stack.Add(TakeTop(1)); return true;
            case 0x86: stack.Add(TakeTop(2)); return true;
            case 0x87: stack.Add(TakeTop(3)); return true;
            case (byte)'a': Append(TakeTop(1)); return true;
            case (byte)'e' or 0x90: Append(TakeMarked()); return true;
            case (byte)'s': SetItems(TakeTop(2)); return true;
            case (byte)'u': SetItems(TakeMarked()); return true;
            default: return false;
        }
    }

    private bool Memo(byte code, ref PickleReader reader)
    {
        switch (code)
        {
            case (byte)'q': memo[reader.Byte()] = Peek(); return true;
            case (byte)'r': memo[BinaryPrimitives.ReadUInt32LittleEndian(reader.Take(4))] = Peek(); return true;
            case (byte)'p': memo[Index(reader.Line())] = Peek(); return true;
            case 0x94: memo[(uint)memo.Count] = Peek(); return true;
            case (byte)'h': stack.Add(Recall(reader.Byte())); return true;
            case (byte)'j': stack.Add(Recall(BinaryPrimitives.ReadUInt32LittleEndian(reader.Take(4)))); return true;
            case (byte)'g': stack.Add(Recall(Index(reader.Line()))); return true;
            default: return false;
        }
    }

    private bool Object(byte code, ref PickleReader reader)
    {
        switch (code)
        {
            case (byte)'c':
                var module = reader.Line();
                stack.Add(new PickleGlobal(module, reader.Line()));
                return true;
            case 0x93:
                var names = TakeTop(2);
                Damage.Unless(names is [string, string], $"it names something by {Describe(names[0])} and {Describe(names[1])}");
                stack.Add(new PickleGlobal((string)names[0]!, (string)names[1]!));
                return true;
            case (byte)'R' or 0x81:
                var call = TakeTop(2);
                stack.Add(Call(call[0], call[1]));
                return true;
            case 0x92: // with arguments by name, which no tensor has
                stack.Add(Opaque(TakeTop(3)[0]));
                return true;
            case (byte)'o':
                var made = TakeMarked();
                stack.Add(Opaque(made.Length > 0 ? made[0] : null));
                return true;
            case (byte)'i':
                var instance = reader.Line();
                var type = new PickleGlobal(instance, reader.Line());
                TakeMarked();
                stack.Add(Opaque(type));
                return true;
            case (byte)'b':
                var state = Pop();
                TorchPickle.SetState(Peek(), state);
                return true;
            case (byte)'Q': stack.Add(vocabulary.Resolve(Pop())); return true;
            default: return false;
        }
    }

    private object? Call(object? target, object? arguments) => target switch
    {
        PickleGlobal global when arguments is object?[] list => vocabulary.Call(global, list),
        PickleGlobal => throw new InvalidDataException($"it calls {Describe(target)} without a tuple of arguments"),
        _ => Opaque(target),
    };

    private static PickledObject Opaque(object? target) => target switch
    {
        PickleGlobal global => new PickledObject(global.ToString()),
        PickledObject made => new PickledObject(made.Type), // what a call returned is called
        _ => throw new InvalidDataException($"it calls {Describe(target)}, which is not a name"),
    };

    private void Append(object?[] items)
    {
        if (Peek() is List<object?> list)
        {
            list.AddRange(items);
        }
        else
        {
            Damage.Unless(Peek() is PickledObject, $"it appends to {Describe(Peek())}, which is not a list");
        }
    }

    private void SetItems(object?[] items)
    {
        var target = Peek();
        var dictionary = target is PickledObject made ? made.Items ??= new PickleDictionary() : target as PickleDictionary;
        Damage.Unless(dictionary is not null, $"it sets items of {Describe(target)}, which is not a dictionary");
        Damage.Unless(items.Length % 2 == 0, $"a key of a dictionary has no value");
        for (var i = 0; i < items.Length; i += 2)
        {
            dictionary.Items.Add((items[i], items[i + 1]));
        }
    }

    private object? Recall(uint index) =>
        memo.TryGetValue(index, out var value) ? value : throw new InvalidDataException(
            $"it recalls item {index}, which it never stored");

    private object? Peek() => stack.Count > Floor ? stack[^1] : throw new InvalidDataException("its stack is empty");

    private object? Pop() => TakeTop(1)[0];

    private object?[] TakeTop(int count) =>
        stack.Count - count >= Floor ? TakeFrom(stack.Count - count)
            : throw new InvalidDataException("its stack has too few items");

    private object?[] TakeMarked() => marks.TryPop(out var mark) ? TakeFrom(mark)
        : throw new InvalidDataException("its stack has no mark");

    private object?[] TakeFrom(int index)
    {
        var items = stack.GetRange(index, stack.Count - index).ToArray();
        stack.RemoveRange(index, items.Length);
        return items;
    }

    private int Floor => marks.TryPeek(out var mark) ? mark : 0;

    private static object Integer(ReadOnlySpan<byte> bytes)
    {
        var value = new BigInteger(bytes);
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    private static object DecimalLine(string line) => line switch
    {
        "00" => false,
        "01" => true,
        _ when line.Length <= MaximumIntegerBytes
            && BigInteger.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) =>
            Integer(value.ToByteArray()),
        _ => throw new InvalidDataException("a number is not written as one"),
    };

    private static double FloatLine(string line) => double.TryParse(
        line, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        ? value
        : throw new InvalidDataException("a number is not written as one");

    private static uint Index(string line) => uint.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
        ? index
        : throw new InvalidDataException("an index is not a number");

    private static string Describe(object? value) => value switch
    {
        null => "None",
        object?[] => "a tuple",
        List<object?> => "a list",
        PickleDictionary => "a dictionary",
        string => "a string",
        PickleGlobal global => Damage.Quoted(global.ToString()),
        _ => value.GetType().Name,
    };

    /// <summary>A pickle's bytes and how far they are read; every take is checked against the end.</summary>
    private ref struct PickleReader(ReadOnlySpan<byte> bytes)
    {
        private const int MaximumLine = 4096;

        private readonly ReadOnlySpan<byte> bytes = bytes;

        /// <summary>How many bytes are read.</summary>
        public int Position { get; private set; }

        public byte Byte() => Take(1)[0];

        public ReadOnlySpan<byte> Take(long count, long maximum = long.MaxValue)
        {
            Damage.Unless(count <= maximum, $"a value claims {(ulong)count} bytes, at most {maximum} are read");
            Damage.Unless(count >= 0 && count <= bytes.Length - Position,
                $"{(ulong)count} bytes are claimed, {bytes.Length - Position} are left");
            var taken = bytes.Slice(Position, (int)count);
            Position += (int)count;
            return taken;
        }

        /// <summary>A little-endian length of 4 or 8 bytes.</summary>
        public long Length(int size) => size == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(Take(4))
            : BinaryPrimitives.ReadInt64LittleEndian(Take(8));

        /// <summary>Text up to a line feed, which is read too.</summary>
        public string Line()
        {
            var rest = bytes[Position..];
            var length = rest[..Math.Min(rest.Length, MaximumLine)].IndexOf((byte)'\n');
            Damage.Unless(length >= 0, $"a line does not end within {MaximumLine} bytes");
            Position += length + 1;
            return Encoding.UTF8.GetString(rest[..length]);
        }
    }
}
