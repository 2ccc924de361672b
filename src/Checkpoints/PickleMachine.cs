using System.Buffers.Binary;
using System.Numerics;
using static Madtp.Kit.Text.Printable;

namespace Madtp.Kit.Checkpoints;

/// <summary>A class or function that a pickle names. It is a pair of names and nothing more: none is ever looked up.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    private readonly string text = Module.Length == 0 ? Name : $"{Module}.{Name}";

    public override string ToString() => text;
}

/// <summary>A dictionary of a pickle, in the order it was filled; keys stay as they came: nothing hashes them.</summary>
internal sealed class PickleDictionary
{
    public List<(object? Key, object? Value)> Items { get; } = [];
}

/// <summary>An object of a pickle that is neither a tensor nor plain data. Only its type's name is known.</summary>
public sealed class PickledObject
{
    internal PickledObject(string type) => Type = type;

    /// <summary>The type's name in Python, such as <c>argparse.Namespace</c>.</summary>
    public string Type { get; }

    /// <summary>Its attributes, as data.</summary>
    internal object? State { get; set; }

    /// <summary>Its items, where it is a dictionary of a class of its own.</summary>
    internal PickleDictionary? Items { get; set; }

    public override string ToString() => $"<{Type}>";
}

/// <summary>Reads pickles as data: of protocols 2 to 5, as PyTorch has never written an older one unasked. It keeps a stack and a
/// memo like Python's, but nothing it does runs code: a name stays a name, and a call becomes what <see cref="TorchPickle"/>
/// makes of it, a tensor or an opaque <see cref="PickledObject"/>. Whatever it keeps is taken off a budget of memory.</summary>
internal sealed class PickleMachine(TorchPickle vocabulary, MemoryBudget budget)
{
    /// <summary>The longest pickle that is read, in bytes. Tensors lie outside: a large checkpoint's has some 100 KB.</summary>
    public const int MaximumLength = 16_000_000;

    // A tensor takes about 40 operations, so this is room for 100,000 of them.
    private const int MaximumOperations = 4_000_000;
    private const int MaximumIntegerBytes = 1024;
    private const int MaximumName = 4096;
    private const int HighestProtocol = 5;

    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = new();
    private readonly Dictionary<uint, object?> memo = [];
    private int highest; // of the stack

    /// <summary>Runs to the STOP and returns the value; <paramref name="consumed"/> is the pickle's length.</summary>
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
                    return TakeTop(1)[0];
                }

                Step(code, ref reader);
            }

            throw new InvalidDataException($"it has more than {MaximumOperations} operations");
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"its pickle, at byte {reader.Position}: {e.Message}", e);
        }
    }

    // One operation: here those that change what is there, in Value those that add something to the stack.
    private void Step(byte code, ref PickleReader reader)
    {
        switch (code)
        {
            case 0x80:
                var protocol = reader.Byte();
                Guard.Data(protocol <= HighestProtocol,
                    $"protocol {protocol} is newer than {HighestProtocol}, the last one known");
                break;
            case 0x95: reader.Take(8); break; // FRAME: only a hint
            case (byte)'0':
                Peek();
                stack.RemoveAt(stack.Count - 1);
                break;
            case (byte)'1': TakeMarked(); break;
            case (byte)'(':
                marks.Push(stack.Count);
                budget.Take(3 * sizeof(int));
                break;
            case (byte)'a': Append(TakeTop(1)); break;
            case (byte)'e' or 0x90: Append(TakeMarked()); break;
            case (byte)'s': SetItems(TakeTop(2)); break;
            case (byte)'u': SetItems(TakeMarked()); break;
            case (byte)'d':
                var items = TakeMarked();
                stack.Add(new PickleDictionary());
                SetItems(items);
                break;
            case (byte)'q': Store(reader.Byte()); break;
            case (byte)'r': Store((uint)reader.Length(4)); break;
            case 0x94: Store((uint)memo.Count); break;
            case (byte)'b': SetState(TakeTop(1)[0]); break;
            case (byte)'2': Push(Peek()); break;
            case (byte)'h': Push(Recall(reader.Byte())); break;
            case (byte)'j': Push(Recall((uint)reader.Length(4))); break;
            default:
                var value = Value(code, ref reader);
                budget.Take(Size(value));
                Push(value);
                break;
        }
    }

    private object? Value(byte code, ref PickleReader reader) => code switch
    {
        (byte)'N' => null,
        0x88 => true,
        0x89 => false,
        (byte)'K' => (long)reader.Byte(),
        (byte)'M' => (long)BinaryPrimitives.ReadUInt16LittleEndian(reader.Take(2)),
        (byte)'J' => (long)BinaryPrimitives.ReadInt32LittleEndian(reader.Take(4)),
        0x8a => Integer(reader.Take(reader.Byte())),
        0x8b => Integer(reader.Take(reader.Length(4), MaximumIntegerBytes)),
        (byte)'G' => BinaryPrimitives.ReadDoubleBigEndian(reader.Take(8)),
        0x8c => Encoding.UTF8.GetString(reader.Take(reader.Byte())),
        (byte)'X' => Encoding.UTF8.GetString(reader.Take(reader.Length(4))),
        0x8d => Encoding.UTF8.GetString(reader.Take(reader.Length(8))),
        (byte)'U' => Encoding.Latin1.GetString(reader.Take(reader.Byte())),
        (byte)'T' => Encoding.Latin1.GetString(reader.Take(reader.Length(4))),
        (byte)'C' => reader.Take(reader.Byte()).ToArray(),
        (byte)'B' => reader.Take(reader.Length(4)).ToArray(),
        0x8e or 0x96 => reader.Take(reader.Length(8)).ToArray(),
        (byte)']' or 0x8f => new List<object?>(),
        (byte)'l' or 0x91 => new List<object?>(TakeMarked()),
        (byte)'}' => new PickleDictionary(),
        (byte)')' => Array.Empty<object?>(),
        (byte)'t' => TakeMarked(),
        0x85 or 0x86 or 0x87 => TakeTop(code - 0x84), // tuples of one to three
        (byte)'c' => new PickleGlobal(reader.Line(), reader.Line()),
        0x93 => Named(TakeTop(2)),
        (byte)'R' or 0x81 => Call(TakeTop(2)),
        0x92 => Opaque(TakeTop(3)[0]), // with arguments by name, which no tensor has
        (byte)'Q' => vocabulary.Resolve(TakeTop(1)[0]),
        _ => throw new InvalidDataException(
            $"operation 0x{code:x2}{(code is > 32 and < 127 ? $" ('{(char)code}')" : "")} is not one a checkpoint needs"),
    };

    // About how many bytes a new value takes.
    private static long Size(object? value) => value switch
    {
        null or bool => 0,
        string text => MemoryBudget.Small + (2L * text.Length),
        byte[] bytes => MemoryBudget.Small + bytes.Length,
        object?[] tuple => MemoryBudget.Small + (8L * tuple.Length),
        List<object?> list => 2 * (MemoryBudget.Small + (8L * list.Count)),
        PickleGlobal { Module: var module, Name: var name } => 4 * (MemoryBudget.Small + (module.Length + name.Length)),
        PickleDictionary { Items: var pairs } => (2 * MemoryBudget.Small) + (24L * pairs.Count),
        PickledObject => 2 * MemoryBudget.Small,
        TensorReference { Kind: var kind } => (12 * MemoryBudget.Small) + (2L * kind.Length),
        _ => MemoryBudget.Small,
    };

    private void Push(object? value)
    {
        stack.Add(value);
        if (stack.Count > highest)
        {
            budget.Take(3 * 8); // of a list that doubles
            highest = stack.Count;
        }
    }

    private void Store(uint index)
    {
        var known = memo.Count;
        memo[index] = Peek();
        budget.Take((memo.Count - known) * 3 * MemoryBudget.Small);
    }

    private static PickleGlobal Named(object?[] names) => names
        is [string { Length: <= MaximumName } module, string { Length: <= MaximumName } name] ? new PickleGlobal(module, name)
        : throw new InvalidDataException($"it names something by {Describe(names[0])} and {Describe(names[1])}");

    private object? Call(object?[] call) => call switch
    {
        [PickleGlobal global, object?[] arguments] => vocabulary.Call(global, arguments),
        [PickleGlobal global, _] => throw new InvalidDataException($"it calls {Describe(global)} without a tuple of arguments"),
        _ => Opaque(call[0]),
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
            budget.Take(3 * 8L * items.Length);
            list.AddRange(items);
        }
        else
        {
            Guard.Data(Peek() is PickledObject, $"it appends to {Describe(Peek())}, which is not a list");
        }
    }

    private void SetItems(object?[] items)
    {
        var target = Peek();
        var dictionary = target is PickledObject made ? made.Items ??= new PickleDictionary() : target as PickleDictionary;
        Guard.Data(dictionary is not null, $"it sets items of {Describe(target)}, which is not a dictionary");
        Guard.Data(items.Length % 2 == 0, $"a key of a dictionary has no value");
        budget.Take(3 * 8L * items.Length);
        for (var i = 0; i < items.Length; i += 2)
            dictionary.Items.Add((items[i], items[i + 1]));
    }

    // An ordered dictionary's state (PyTorch keeps version numbers of modules there) is not its items.
    private void SetState(object? state)
    {
        var target = Peek();
        if (target is PickledObject made)
            made.State = state;

        Guard.Data(target is PickledObject or PickleDictionary or TensorReference,
            $"it sets the state of something that has none");
    }

    private object? Recall(uint index) =>
        memo.TryGetValue(index, out var value)
            ? value
            : throw new InvalidDataException($"it recalls item {index}, which it never stored");

    private object? Peek() => stack.Count > Floor ? stack[^1] : throw new InvalidDataException("its stack is empty");

    private object?[] TakeTop(int count) =>
        stack.Count - count >= Floor ? TakeFrom(stack.Count - count)
            : throw new InvalidDataException("its stack has too few items");

    private object?[] TakeMarked() => marks.TryPop(out var mark) ? TakeFrom(mark)
        : throw new InvalidDataException("its stack has no mark");

    private object?[] TakeFrom(int index)
    {
        var items = new object?[stack.Count - index];
        stack.CopyTo(index, items, 0, items.Length);
        stack.RemoveRange(index, items.Length);
        return items;
    }

    private int Floor => marks.TryPeek(out var mark) ? mark : 0;

    private static object Integer(ReadOnlySpan<byte> bytes)
    {
        var value = new BigInteger(bytes);
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    private static string Describe(object? value) => value switch
    {
        null => "None",
        object?[] => "a tuple",
        List<object?> => "a list",
        PickleDictionary => "a dictionary",
        string { Length: var length } => length <= MaximumName ? "a string" : $"a text of {length} characters",
        PickleGlobal global => Quoted(global.ToString()),
        _ => value.GetType().Name,
    };

    /// <summary>A pickle's bytes and how far they are read; every take is checked against the end.</summary>
    private ref struct PickleReader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> bytes = bytes;

        public int Position { get; private set; }

        public byte Byte() => Take(1)[0];

        public ReadOnlySpan<byte> Take(long count, long maximum = long.MaxValue)
        {
            Guard.Data(count <= maximum, $"a value claims {(ulong)count} bytes, at most {maximum} are read");
            Guard.Data(count >= 0 && count <= bytes.Length - Position,
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
            var length = rest[..Math.Min(rest.Length, MaximumName)].IndexOf((byte)'\n');
            Guard.Data(length >= 0, $"a line does not end within {MaximumName} bytes");
            Position += length + 1;
            return Encoding.UTF8.GetString(rest[..length]);
        }
    }
}
