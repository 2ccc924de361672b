using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Runtime;

/// <summary>Where tensors are computed, by the name a person gives it.</summary>
public static class ComputeDevice
{
    /// <summary>A CUDA GPU where there is one, else the CPU.</summary>
    public const string Auto = "auto";

    /// <summary>The names there are, for help texts and errors.</summary>
    public const string Names = "auto, cpu, cuda or cuda:N";

    /// <summary>The device of a name. Products are of float32's precision until <see cref="AllowTf32"/> says otherwise.</summary>
    /// <param name="name">auto, cpu, cuda or cuda:N.</param>
    /// <exception cref="ArgumentException">There is no such name, or no such device here.</exception>
    public static Device Of(string name) => name switch
    {
        Auto => HasGpu ? Gpu(OfRank) : CPU,
        "cpu" => CPU,
        "cuda" => Gpu(OfRank),
        _ when name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), out var index)
            && index >= 0 => Gpu(index),
        _ => throw new ArgumentException($"device '{name}' is unknown: give {Names}"),
    };

    /// <summary>Whether a GPU may round the factors of float32 products and convolutions to 10 bits (TF32): several times faster,
    /// with errors around 1e-3. PyTorch allows it to convolutions by default, the kit to nothing.</summary>
    public static void AllowTf32(bool allowed) => backends.cuda.matmul.allow_tf32 = backends.cudnn.allow_tf32 = allowed;

    /// <summary>The device as a line of progress names it: "CPU (2 threads)" or "cuda:0 (NVIDIA …)".</summary>
    public static string Describe(Device device) =>
        device.type == DeviceType.CPU ? $"CPU ({get_num_threads()} threads)"
        : Models() is { Length: > 0 } models ? $"{device} ({models})" : device.ToString();

    // TorchSharp has no name for a GPU; the driver tells all that there are.
    private static string Models()
    {
        const string Driver = "/proc/driver/nvidia/gpus";
        const string Label = "Model:";
        var lines = !Directory.Exists(Driver) ? [] : Directory.GetFiles(Driver, "information", SearchOption.AllDirectories)
            .SelectMany(File.ReadLines).Where(line => line.StartsWith(Label, StringComparison.Ordinal));
        return string.Join(" or ", lines.Select(line => line[Label.Length..].Trim()).Distinct());
    }

    /// <summary>Whether a device multiplies numbers of bfloat16 faster than float32's: a processor with AVX-512's or AMX's
    /// instructions for it; a GPU is taken to be of compute capability 8.0 or later.</summary>
    public static bool PrefersBfloat16(Device device)
    {
        if (device.type != TorchSharp.DeviceType.CPU)
            return true;

        const int Avx512 = 1 << 5, Amx = 1 << 22; // CPUID leaf 7: subleaf 1's EAX, subleaf 0's EDX
        return X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7
            && ((X86Base.CpuId(7, 1).Eax & Avx512) != 0 || (X86Base.CpuId(7, 0).Edx & Amx) != 0);
    }

    /// <summary>Whether a CUDA GPU answers.</summary>
    public static bool HasGpu => NativeLibraries.HasCuda && cuda.is_available();

    private static string Why => NativeLibraries.HasCuda
        ? "no GPU answers"
        : "this libtorch is made for the CPU (`./kit setup --cuda` takes that of a Python with PyTorch for CUDA)";

    // Ranks of one machine take its GPUs by turns.
    private static int OfRank => HasGpu ? Ranks.Local % Math.Max(1, cuda.device_count()) : 0;

    private static Device Gpu(int index)
    {
        var count = HasGpu ? cuda.device_count() : 0;
        if (index < count)
        {
            AllowTf32(false);
            return new Device(TorchSharp.DeviceType.CUDA, index);
        }

        throw count == 0 ? new ArgumentException($"there is no CUDA device here: {Why}; --device cpu computes on the CPU")
            : new ArgumentException($"there is no CUDA device {index} here: there are {count}, cuda:0 to cuda:{count - 1}");
    }
}

/// <summary>Where tensors lie, and in what type.</summary>
internal static class Placement
{
    /// <summary>The device that a module computes on.</summary>
    public static Device DeviceOf(nn.Module module) => module.parameters().First().device;

    /// <summary>A tensor on a device: itself where none is given, or it is on that CPU.</summary>
    public static Tensor On(this Tensor tensor, Device? device) =>
        device is null || (device.type == DeviceType.CPU && tensor.device.type == DeviceType.CPU) ? tensor : tensor.to(device);

    /// <summary>A tensor in a type: itself where it has that type, without the call that <c>to</c> makes all the same.</summary>
    public static Tensor As(this Tensor tensor, ScalarType type) => tensor.dtype == type ? tensor : tensor.to(type);
}
