using System.Buffers.Binary;
using static TorchSharp.torch;

namespace Madtp.Kit.Runtime;

/// <summary>The state of the processor's random numbers. TorchSharp ends the process when it is given one that is none, and
/// cannot read a GPU's: that one is set from numbers which can be had again, so that nothing of it has to be kept.</summary>
public static class RandomState
{
    private const int Words = 624; // of a Mersenne twister

    /// <summary>The state as it is now.</summary>
    public static byte[] Take()
    {
        using var state = get_rng_state();
        return state.data<byte>().ToArray();
    }

    /// <summary>Sets a state that was taken before.</summary>
    /// <exception cref="InvalidDataException">It is no such state.</exception>
    public static void Restore(byte[] state)
    {
        Guard.Data(IsValid(state), $"the random state is damaged: it is not one of a Mersenne twister");
        using var restored = tensor(state);
        set_rng_state(restored);
    }

    /// <summary>Sets a state until the result is disposed, which brings back the one before.</summary>
    internal static IDisposable Begin(byte[] state)
    {
        var before = Take();
        Restore(state);
        return new Undo(() => Restore(before));
    }

    /// <summary>Sets the random state of all GPUs; without one, nothing.</summary>
    public static void SeedGpu(long seed)
    {
        if (ComputeDevice.HasGpu)
            cuda.manual_seed_all(seed);
    }

    /// <summary>Sets it by the processor's next random number, where a device is a GPU; nothing is drawn for a CPU.</summary>
    public static void SeedGpuOf(Device device)
    {
        if (device.type != TorchSharp.DeviceType.CPU)
        {
            using var seed = randint(long.MaxValue, 1, dtype: int64, device: CPU);
            SeedGpu(seed.item<long>());
        }
    }

    // libtorch's layout: the seed, how many words are left, whether seeded, which word is next, the words.
    private static bool IsValid(byte[] state)
    {
        using var now = get_rng_state();
        return state.Length == now.NumberOfElements
            && BinaryPrimitives.ReadInt32LittleEndian(state.AsSpan(8)) is > 0 and <= Words
            && BinaryPrimitives.ReadInt32LittleEndian(state.AsSpan(12)) == 1
            && BinaryPrimitives.ReadUInt64LittleEndian(state.AsSpan(16)) <= Words;
    }
}
