using System.Runtime.CompilerServices;
using Mpi = MPI.Unsafe;

namespace Madtp.Kit.Runtime;

/// <summary>MPICH's calls, through MPI.NET, as <see cref="Ranks"/> makes them.</summary>
internal static class Mpich
{
    private const string Library = "libmpich.so.12";
    private static readonly nint InPlace = -1; // MPI_IN_PLACE

    /// <summary>What to do where it is not there, in part of a sentence.</summary>
    public static string Missing => $"{Library} is missing: ./kit setup --mpi installs it (package {Ranks.Package})";

    /// <summary>The library, the system's or conda's; 0 where there is none.</summary>
    public static nint Loaded()
    {
        var ofConda = Path.Combine(Environment.GetEnvironmentVariable("CONDA_PREFIX") ?? string.Empty, "lib", Library);
        return NativeLibrary.TryLoad(Library, out var library) || NativeLibrary.TryLoad(ofConda, out library) ? library : 0;
    }

    /// <summary>Joins the others; which of them this is, and how many there are.</summary>
    public static unsafe (int Rank, int Count) Begin(nint library)
    {
        NativeLibrary.SetDllImportResolver(typeof(Mpi).Assembly, (_, _, _) => library);
        var none = 0;
        byte** arguments = null;
        // A device calls from a thread of its own.
        Check(Mpi.MPI_Init_thread(ref none, ref arguments, Mpi.MPI_THREAD_SERIALIZED, out _));
        Check(Mpi.MPI_Comm_rank(Mpi.MPI_COMM_WORLD, out var rank));
        Check(Mpi.MPI_Comm_size(Mpi.MPI_COMM_WORLD, out var count));
        return (rank, count);
    }

    /// <summary>Waits for the others, and parts.</summary>
    public static void Leave() => Mpi.MPI_Finalize();

    /// <summary>Ends all ranks with an exit code.</summary>
    public static void Abort(int code) => Mpi.MPI_Abort(Mpi.MPI_COMM_WORLD, code);

    /// <summary>Replaces numbers by their sums over all ranks.</summary>
    /// <param name="numbers">float32, or float64.</param>
    public static unsafe void Sum(Span<byte> numbers, int count, bool isDouble)
    {
        fixed (byte* data = numbers)
        {
            Check(Mpi.MPI_Allreduce(
                InPlace, (nint)data, count, isDouble ? Mpi.MPI_DOUBLE : Mpi.MPI_FLOAT, Mpi.MPI_SUM, Mpi.MPI_COMM_WORLD));
        }
    }

    /// <summary>Everyone's bytes, one after the other; this rank's are in their place already.</summary>
    public static unsafe void AllGather(Span<byte> all, int[] lengths)
    {
        int[] offsets = [.. lengths.Select((_, rank) => lengths.Take(rank).Sum())];
        fixed (byte* data = all)
        {
            Check(Mpi.MPI_Allgatherv(
                InPlace, 0, Mpi.MPI_BYTE, (nint)data, lengths, offsets, Mpi.MPI_BYTE, Mpi.MPI_COMM_WORLD));
        }
    }

    private static void Check(int code, [CallerArgumentExpression(nameof(code))] string? call = null)
    {
        if (code != 0)
            throw new IOException($"MPI failed with code {code} in {call}");
    }
}
