using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>kit_torch.cpp's functions. The short ones that never block skip the collector's transition.</summary>
internal static unsafe partial class Kit
{
    internal const string Library = "kit_torch";

    private static Exception? pending;

    static Kit()
    {
        if (Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is null)
        {
            _ = SetThreads(Environment.ProcessorCount);
        }
    }

    [LibraryImport(Library, EntryPoint = "kit_last_error")]
    internal static partial nint LastError();

    [LibraryImport(Library, EntryPoint = "kit_version")]
    internal static partial nint Version();

    [LibraryImport(Library, EntryPoint = "kit_live_handles")]
    internal static partial long LiveHandles();

    [LibraryImport(Library, EntryPoint = "kit_operator", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint Operator(string name, string overload);

    [LibraryImport(Library, EntryPoint = "kit_call")]
    internal static partial int Call(nint op, Value* arguments, int given, Value* results, int capacity);

    [LibraryImport(Library, EntryPoint = "kit_take")]
    internal static partial int Take(Value* results, int capacity);

    [LibraryImport(Library, EntryPoint = "kit_free")]
    internal static partial void Free(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_share")]
    internal static partial nint Share(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_from_memory")]
    internal static partial nint FromMemory(void* source, long bytes, long* shape, int rank, int type);

    [LibraryImport(Library, EntryPoint = "kit_data")]
    internal static partial nint Data(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_rank")]
    [SuppressGCTransition]
    internal static partial int Rank(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_shape")]
    [SuppressGCTransition]
    internal static partial int Shape(nint tensor, long* sizes, int capacity);

    [LibraryImport(Library, EntryPoint = "kit_strides")]
    [SuppressGCTransition]
    internal static partial int Strides(nint tensor, long* strides, int capacity);

    [LibraryImport(Library, EntryPoint = "kit_count")]
    [SuppressGCTransition]
    internal static partial long Count(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_type")]
    [SuppressGCTransition]
    internal static partial int Type(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_device")]
    [SuppressGCTransition]
    internal static partial long Device(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_is_contiguous")]
    [SuppressGCTransition]
    internal static partial int IsContiguous(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_requires_grad")]
    [SuppressGCTransition]
    internal static partial int RequiresGrad(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_set_requires_grad")]
    internal static partial int SetRequiresGrad(nint tensor, int required);

    [LibraryImport(Library, EntryPoint = "kit_is_leaf")]
    [SuppressGCTransition]
    internal static partial int IsLeaf(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_retain_grad")]
    internal static partial int RetainGrad(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_grad")]
    internal static partial nint Grad(nint tensor);

    [LibraryImport(Library, EntryPoint = "kit_set_grad")]
    internal static partial int SetGrad(nint tensor, nint gradient);

    [LibraryImport(Library, EntryPoint = "kit_backward")]
    internal static partial int Backward(
        nint* tensors, int count, nint* gradients, int gradientCount, int retainGraph, int createGraph, nint* inputs, int inputCount);

    [LibraryImport(Library, EntryPoint = "kit_gradients")]
    internal static partial int Gradients(
        nint* outputs, int outputCount, nint* inputs, int inputCount, nint* gradients, int gradientCount, int retainGraph, int createGraph, int allowUnused, nint* results);

    [LibraryImport(Library, EntryPoint = "kit_join")]
    internal static partial int Join(
        long id,
        nint* inputs,
        int inputCount,
        nint* outputs,
        int outputCount,
        delegate* unmanaged<long, nint*, int, nint*, int, int> backward,
        delegate* unmanaged<long, void> release);

    [LibraryImport(Library, EntryPoint = "kit_grad_mode")]
    [SuppressGCTransition]
    internal static partial int GradMode();

    [LibraryImport(Library, EntryPoint = "kit_set_grad_mode")]
    [SuppressGCTransition]
    internal static partial void SetGradMode(int enabled);

    [LibraryImport(Library, EntryPoint = "kit_enter_inference_mode")]
    internal static partial nint EnterInferenceMode(int enabled);

    [LibraryImport(Library, EntryPoint = "kit_leave_inference_mode")]
    internal static partial void LeaveInferenceMode(nint mode);

    [LibraryImport(Library, EntryPoint = "kit_set_threads")]
    internal static partial int SetThreads(int count);

    [LibraryImport(Library, EntryPoint = "kit_threads")]
    internal static partial int Threads();

    [LibraryImport(Library, EntryPoint = "kit_manual_seed")]
    internal static partial int ManualSeed(long seed);

    [LibraryImport(Library, EntryPoint = "kit_generator")]
    internal static partial nint Generator(int useDefault, long seed, int deviceType, int deviceIndex);

    [LibraryImport(Library, EntryPoint = "kit_free_generator")]
    internal static partial void FreeGenerator(nint generator);

    [LibraryImport(Library, EntryPoint = "kit_generator_state")]
    internal static partial nint GeneratorState(nint generator);

    [LibraryImport(Library, EntryPoint = "kit_set_generator_state")]
    internal static partial int SetGeneratorState(nint generator, nint state);

    [LibraryImport(Library, EntryPoint = "kit_cuda_count")]
    internal static partial int CudaCount();

    [LibraryImport(Library, EntryPoint = "kit_cuda_synchronize")]
    internal static partial int CudaSynchronize(long device);

    /// <summary>What a managed backward threw, on whichever thread the graph ran it.</summary>
    internal static Exception Pending
    {
        set => pending = value;
    }

    /// <summary>Throws what the failing call left on this thread.</summary>
    /// <exception cref="ExternalException">Always, with libtorch's message.</exception>
    internal static void Check(int outcome)
    {
        if (outcome < 0)
        {
            throw Failure();
        }
    }

    internal static nint Check(nint pointer) => pointer != 0 ? pointer : throw Failure();

    internal static ExternalException Failure()
    {
        if (Interlocked.Exchange(ref pending, null) is { } managed)
        {
            ExceptionDispatchInfo.Throw(managed);
        }

        return new(Marshal.PtrToStringUTF8(LastError()) is { Length: > 0 } message ? message : "libtorch failed without a message");
    }
}
