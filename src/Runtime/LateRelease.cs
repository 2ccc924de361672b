using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Madtp.Kit.Runtime;

/// <summary>
/// Tensors and scalars that the collector finalises are released natively a second later.
/// <para>
/// TorchSharp hands a native call the address of its operands and nothing keeps their objects alive until it returns. In
/// <c>(a + b).relu()</c>, <c>x * 0.5</c> and even <c>a + b</c> (which makes a scalar 1 of its own) an operand is garbage while it
/// is being read; when another thread causes a collection at that moment, the finalizer frees it under the call: an exception, a
/// wrong number or the end of the process. No care in C# can prevent that, for it happens inside TorchSharp as well. So the
/// binding's two functions that release are redirected to the two below, before anything is computed. What a program disposes,
/// itself or through a dispose scope, is released at once as ever.
/// </para>
/// </summary>
public static unsafe partial class LateRelease
{
    private const int RestMilliseconds = 1000; // no operand is read so long after its call began
    private const int ReadWrite = 1 | 2;
    private const int ReadExecute = 1 | 4;

    private static readonly Lock Gate = new();
    private static readonly Lock Releasing = new();
    private static readonly Timer Clock = new(_ => Tick());
    private static delegate* unmanaged<nint, int> deleteTensor;
    private static List<(nint Address, bool IsTensor)> younger = [];
    private static List<(nint Address, bool IsTensor)> older = [];
    private static bool isTicking;
    private static volatile bool isFinalizerKnown;
    private static bool isOver;

    [ThreadStatic]
    private static bool isFinalizer;

    /// <summary>Whether it is in force: on x64 Linux, where memory may be made executable.</summary>
    public static bool IsOn { get; private set; }

    /// <summary>Redirects the binding's releases, unless that has been done.</summary>
    /// <param name="torch">The loaded libtorch_cpu.</param>
    internal static void Begin(nint torch, nint binding)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64
            || !NativeLibrary.TryGetExport(torch, "aoti_torch_delete_tensor_object", out var delete)
            || !NativeLibrary.TryGetExport(binding, "THSTensor_dispose", out var tensor)
            || !NativeLibrary.TryGetExport(binding, "THSTorch_dispose_scalar", out var scalar))
        {
            return;
        }

        deleteTensor = (delegate* unmanaged<nint, int>)delete;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => End();
        ThreadPool.QueueUserWorkItem(_ => MarkFinalizerThread()); // which cannot finalise while a module initializer runs
        IsOn = Redirect(tensor, (nint)(delegate* unmanaged<nint, void>)&ReleaseTensor)
            && Redirect(scalar, (nint)(delegate* unmanaged<nint, void>)&ReleaseScalar);
    }

    [UnmanagedCallersOnly]
    private static void ReleaseTensor(nint tensor) => Release(tensor, isTensor: true);

    [UnmanagedCallersOnly]
    private static void ReleaseScalar(nint scalar) => Release(scalar, isTensor: false);

    private static void Release(nint address, bool isTensor)
    {
        if (isFinalizer || !isFinalizerKnown)
            Rest(address, isTensor);
        else
            Free(address, isTensor);
    }

    private static void Free(nint address, bool isTensor)
    {
        if (isTensor)
        {
            deleteTensor(address);
        }
        else
        {
            NativeMemory.Free((void*)address); // a plain value, allocated with `new`
        }
    }

    private static void Rest(nint address, bool isTensor)
    {
        lock (Gate)
        {
            younger.Add((address, isTensor));
            if (!isTicking)
            {
                isTicking = true;
                Clock.Change(RestMilliseconds, Timeout.Infinite);
            }
        }
    }

    // A GPU's memory cannot be freed any more while the process ends and libtorch's own tables go: an error there aborts it.
    private static void End()
    {
        lock (Releasing)
            isOver = true;
    }

    // What was there at the last tick goes, what has come since has rested for less than a second.
    private static void Tick()
    {
        List<(nint Address, bool IsTensor)> rested;
        lock (Gate)
        {
            (rested, older, younger) = (older, younger, []);
            isTicking = older.Count > 0;
            if (isTicking)
                Clock.Change(RestMilliseconds, Timeout.Infinite);
        }

        lock (Releasing)
        {
            foreach (var (address, isTensor) in isOver ? [] : rested)
                Free(address, isTensor);
        }
    }

    // Overwrites a function's first instructions with a jump: mov rax, target; jmp rax.
    private static bool Redirect(nint function, nint target)
    {
        Span<byte> jump = [0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xE0];
        BinaryPrimitives.WriteInt64LittleEndian(jump[2..], target);
        var code = new Span<byte>((void*)function, jump.Length);
        if (code[..2].SequenceEqual(jump[..2]))
        {
            return true; // another copy of this library was here first
        }

        var start = function & ~(nint)(Environment.SystemPageSize - 1);
        var length = (nuint)(function + jump.Length - start);
        if (Protect(start, length, ReadWrite | ReadExecute) != 0)
            return false;

        jump.CopyTo(code);
        return Protect(start, length, ReadExecute) == 0;
    }

    private static void MarkFinalizerThread()
    {
        Forget();
        GC.Collect(0);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget() => _ = new Mark();
    }

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint start, nuint length, int access);

    private sealed class Mark
    {
        ~Mark() => isFinalizer = isFinalizerKnown = true;
    }
}
