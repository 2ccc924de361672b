using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>
/// Calls ATen operators by schema name: <c>"add.Tensor"</c> is operator <c>aten::add</c>, overload <c>Tensor</c>.
/// Trailing arguments that are left out take the schema's defaults.
/// </summary>
internal static unsafe class Aten
{
    // Lists and text up to this many eight-byte cells are passed on the stack.
    private const int StackCells = 256;

    private static readonly ConcurrentDictionary<string, nint> Found = new();

    /// <summary>An operator with one tensor result.</summary>
    internal static torch.Tensor One(string name, params ReadOnlySpan<Argument> arguments)
    {
        Value result;
        Call(name, arguments, &result, 1);
        return new torch.Tensor(result.Pointer);
    }

    /// <summary>An operator whose results are not wanted, or that returns its first argument changed.</summary>
    internal static void Run(string name, params ReadOnlySpan<Argument> arguments)
    {
        var none = stackalloc Value[1];
        Call(name, arguments, none, 0);
    }

    /// <summary>An operator that changes <paramref name="self"/>, which is its first argument, and returns it.</summary>
    internal static torch.Tensor InPlace(string name, torch.Tensor self, params ReadOnlySpan<Argument> others)
    {
        Span<Argument> arguments = [self, default, default, default, default, default, default, default];
        others.CopyTo(arguments[1..]);
        Value none;
        Call(name, arguments[..(others.Length + 1)], &none, 0);
        return self;
    }

    internal static (torch.Tensor First, torch.Tensor Second) Two(string name, params ReadOnlySpan<Argument> arguments)
    {
        var results = stackalloc Value[2];
        Call(name, arguments, results, 2);
        return (new torch.Tensor(results[0].Pointer), new torch.Tensor(results[1].Pointer));
    }

    internal static torch.Tensor[] Many(string name, params ReadOnlySpan<Argument> arguments)
    {
        const int Expected = 32;
        var results = stackalloc Value[Expected];
        var count = Call(name, arguments, results, Expected);
        if (count <= Expected)
        {
            return Wrap(new ReadOnlySpan<Value>(results, count));
        }

        var more = new Value[count];
        fixed (Value* waiting = more)
        {
            _ = Kit.Take(waiting, count);
        }

        return Wrap(more);
    }

    /// <summary>An operator whose result is a number or truth value.</summary>
    internal static Scalar Number(string name, params ReadOnlySpan<Argument> arguments)
    {
        Value result;
        Call(name, arguments, &result, 1);
        return result.Tag switch
        {
            Tag.Bool => new Scalar(result.Integer != 0),
            Tag.Double => new Scalar(result.Real),
            _ => new Scalar(result.Integer),
        };
    }

    private static torch.Tensor[] Wrap(ReadOnlySpan<Value> values)
    {
        var tensors = new torch.Tensor[values.Length];
        for (var i = 0; i < tensors.Length; i++)
        {
            tensors[i] = new torch.Tensor(values[i].Pointer);
        }

        return tensors;
    }

    [SkipLocalsInit]
    private static int Call(string name, ReadOnlySpan<Argument> arguments, Value* results, int capacity)
    {
        var op = Lookup(name);
        if (op == 0)
        {
            throw new ExternalException($"this libtorch ({torch.__version__}) has no operator aten::{name}");
        }

        var cells = 0;
        foreach (ref readonly var argument in arguments)
        {
            cells += argument.ScratchCells;
        }

        var values = stackalloc Value[arguments.Length];
        var stack = stackalloc long[StackCells];
        var heap = cells > StackCells ? (long*)NativeMemory.Alloc((nuint)cells, sizeof(long)) : null;
        try
        {
            var scratch = heap == null ? stack : heap;
            for (var i = 0; i < arguments.Length; i++)
            {
                scratch = arguments[i].Write(values + i, scratch);
            }

            var count = Kit.Call(op, values, arguments.Length, results, capacity);
            foreach (ref readonly var argument in arguments)
            {
                GC.KeepAlive(argument.Owner);
            }

            Kit.Check(count);
            return count;
        }
        finally
        {
            NativeMemory.Free(heap);
        }
    }

    private static nint Lookup(string name) => Found.TryGetValue(name, out var op) ? op : Resolve(name);

    private static nint Resolve(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var op = dot < 0 ? Kit.Operator("aten::" + name, string.Empty) : Kit.Operator("aten::" + name[..dot], name[(dot + 1)..]);
        Found[name] = op;
        return op;
    }
}
