using static TorchSharp.torch;

namespace Madtp.Kit.Runtime;

/// <summary>The processes that do one piece of work together, started by <c>mpirun -n N</c> or <c>srun --mpi=pmi2</c>, by MPICH
/// through MPI.NET. All of them must come to each call, in the same order. A process that was started alone is the only rank, and
/// every call gives back what it was given; MPICH is looked for only where there are others.</summary>
public static class Ranks
{
    /// <summary>What <c>./kit setup --mpi</c> installs.</summary>
    public const string Package = "mpich";

    private const int BucketBytes = 25 << 20;
    private static Tensor? pinned;

    /// <summary>This process's number, from 0.</summary>
    public static int Rank { get; private set; }

    /// <summary>N, how many there are.</summary>
    public static int Count { get; private set; } = 1;

    /// <summary>Whether this is the one that speaks and writes.</summary>
    public static bool IsFirst => Rank == 0;

    /// <summary>This process's number on its machine, from 0, by which it chooses a GPU.</summary>
    public static int Local => Count == 1 ? 0 : Number("MPI_LOCALRANKID") ?? Number("SLURM_LOCALID") ?? 0;

    /// <summary>Seconds spent in these calls, waiting for other ranks included.</summary>
    public static double Seconds { get; private set; }

    /// <summary>Bytes that this rank has given to be summed or gathered.</summary>
    public static long Bytes { get; private set; }

    /// <summary>Whether the process was started as one of several, other than the first: it keeps silent.</summary>
    public static bool IsSilent => Started > 1 && Number("PMI_RANK") > 0;

    private static int Started => Number("PMI_SIZE") ?? 1;

    /// <summary>Joins the other ranks, where the process was started with others.</summary>
    /// <param name="asked">auto, none, or the number there must be.</param>
    /// <exception cref="InvalidOperationException">There are not so many, or MPICH is missing, or another MPI started the
    /// process.</exception>
    public static void Join(string asked = "auto")
    {
        var wanted = int.TryParse(asked, CultureInfo.InvariantCulture, out var number) ? number : (int?)null;
        if (Count > 1 || asked == "none")
            return;

        Guard.State(Number("OMPI_COMM_WORLD_SIZE") is not > 1,
            $"Open MPI started this, whose handles do not fit MPI.NET: install {Package} (./kit setup --mpi), and start with "
            + $"mpirun.mpich");
        Guard.State(Started > 1 || Number("SLURM_STEP_NUM_TASKS") is not > 1,
            $"srun started tasks that do not know of one another: give it --mpi=pmi2, or the verb --ranks none");
        if ((wanted ?? Started) != Started)
        {
            throw new InvalidOperationException(
                $"--ranks {wanted}, but {Started} {(Started == 1 ? "was" : "were")} started: begin the command with "
                + $"`mpirun -n {wanted}`, or `srun --mpi=pmi2 -n {wanted}`{(Mpich.Loaded() == 0 ? $"; {Mpich.Missing}" : "")}");
        }

        if (Started > 1)
        {
            (Rank, Count) = Mpich.Begin(Mpich.Loaded() is not 0 and var library ? library : throw new InvalidOperationException(
                $"{Started} ranks were started, but {Mpich.Missing}"));
            if (Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is null && Number("MPI_LOCALNRANKS") is { } here)
                set_num_threads(Math.Max(1, Environment.ProcessorCount / here));
        }
    }

    /// <summary>Insists that the process was started alone, for what several do not do together.</summary>
    /// <exception cref="InvalidOperationException">It was started as one of several.</exception>
    public static void RequireAlone() => Guard.State(Started == 1,
        $"{Started} processes were started for what one does alone: leave mpirun or srun out");

    /// <summary>Parts in peace from the others: waits until all are done.</summary>
    public static void Leave()
    {
        if (Count > 1)
        {
            Mpich.Leave();
            (Rank, Count) = (0, 1);
        }
    }

    /// <summary>Ends all ranks, at once, with an exit code.</summary>
    public static void Abort(int code)
    {
        if (Count > 1)
            Mpich.Abort(code);
    }

    /// <summary>Does something on the first rank alone; the others wait until it is done.</summary>
    public static void First(Action work)
    {
        if (IsFirst)
            work();

        Any(false);
    }

    /// <summary>Whether something holds on any rank.</summary>
    public static bool Any(bool here)
    {
        if (Count == 1)
            return here;

        using var sum = tensor(new[] { here ? 1f : 0 });
        Sum([sum]);
        return sum.item<float>() > 0;
    }

    /// <summary>Replaces tensors by their sums over all ranks, the same to the bit on each; in buckets of 25 MB. A GPU's go
    /// through pinned memory of the processor.</summary>
    /// <param name="tensors">float32 or float64, of the same shapes on each rank.</param>
    public static void Sum(IEnumerable<Tensor> tensors)
    {
        if (Count == 1)
            return;

        using var off = no_grad();
        var (bucket, bytes) = (new List<Tensor>(), 0L);
        foreach (var each in tensors)
        {
            var size = each.NumberOfElements * each.ElementSize;
            if (bucket.Count > 0 && (bytes + size > BucketBytes || bucket[0].dtype != each.dtype))
            {
                SumBucket(bucket);
                (bucket, bytes) = ([], 0);
            }

            bucket.Add(each);
            bytes += size;
        }

        SumBucket(bucket);
    }

    /// <summary>The rows of all ranks, <c>[B, …]</c> to <c>[N·B, …]</c>, in the order of ranks. A gradient flows back to every
    /// rank: its rows get the sum of what all ranks' losses say of them.</summary>
    /// <param name="rows">Of the same shape on each rank.</param>
    public static Tensor Gather(Tensor rows) => Count == 1 ? rows
        : rows.requires_grad && is_grad_enabled() ? GatherFunction.apply([rows])[0] : Gathered(rows);

    /// <summary>This rank's of the rows that <see cref="Gather(Tensor)"/> gave, or of something as long.</summary>
    public static Tensor Own(Tensor gathered)
    {
        var rows = gathered.shape[0] / Count;
        return Count == 1 ? gathered : gathered.slice(0, Rank * rows, (Rank + 1) * rows, 1);
    }

    /// <summary>What every rank gives, in the order of ranks; it travels as JSON.</summary>
    public static T[] Gather<T>(T own)
    {
        if (Count == 1)
            return [own];

        var bytes = JsonSerializer.SerializeToUtf8Bytes(own);
        var lengths = new int[Count];
        lengths[Rank] = bytes.Length;
        AllGather(MemoryMarshal.AsBytes(lengths.AsSpan()), [.. Enumerable.Repeat(sizeof(int), Count)]);
        var all = new byte[lengths.Sum()];
        var from = lengths.Take(Rank).Sum();
        bytes.CopyTo(all, from);
        AllGather(all, lengths);
        var offset = 0;
        return [.. lengths.Select(length => JsonSerializer.Deserialize<T>(all.AsSpan((offset += length) - length, length))!)];
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;

    private static void SumBucket(List<Tensor> bucket)
    {
        if (bucket.Count == 0)
            return;

        using var scope = NewDisposeScope();
        var flat = cat([.. bucket.Select(each => each.reshape(-1))]);
        foreach (var piece in flat.split(BucketBytes / flat.ElementSize)) // more than one of a large tensor
            SumFlat(piece);

        foreach (var (each, sum) in bucket.Zip(flat.split([.. bucket.Select(each => each.NumberOfElements)])))
            each.copy_(sum.view(each.shape));
    }

    private static void SumFlat(Tensor flat)
    {
        var started = Stopwatch.GetTimestamp();
        var onHost = flat;
        if (flat.device_type != TorchSharp.DeviceType.CPU)
        {
            pinned ??= empty(BucketBytes / sizeof(float)).pin_memory().DetachFromDisposeScope();
            onHost = flat.dtype == float32 ? pinned.slice(0, 0, flat.NumberOfElements, 1).copy_(flat) : flat.cpu();
        }

        Mpich.Sum(onHost.bytes, (int)flat.NumberOfElements, isDouble: flat.dtype == ScalarType.Float64);
        if (!ReferenceEquals(onHost, flat))
            flat.copy_(onHost);

        Told(flat.NumberOfElements * flat.ElementSize, started);
    }

    private static Tensor Gathered(Tensor rows)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var all = empty([rows.shape[0] * Count, .. rows.shape[1..]], dtype: rows.dtype);
        Own(all).copy_(rows);
        var bytes = checked((int)(rows.NumberOfElements * rows.ElementSize));
        AllGather(all.bytes, [.. Enumerable.Repeat(bytes, Count)]);
        return all.to(rows.device).MoveToOuterDisposeScope();
    }

    private static void AllGather(Span<byte> all, int[] lengths)
    {
        var started = Stopwatch.GetTimestamp();
        Mpich.AllGather(all, lengths);
        Told(lengths[Rank], started);
    }

    private static void Told(long bytes, long started) =>
        (Bytes, Seconds) = (Bytes + bytes, Seconds + Stopwatch.GetElapsedTime(started).TotalSeconds);

    private sealed class GatherFunction : GuardedFunction<GatherFunction>
    {
        protected override List<Tensor> Forward(autograd.AutogradContext context, IReadOnlyList<object> arguments) =>
            [Gathered((Tensor)arguments[0])];

        protected override IReadOnlyList<Tensor?> Backward(
            autograd.AutogradContext context, IReadOnlyList<Tensor?> gradients)
        {
            var sum = gradients[0]!.clone();
            Sum([sum]);
            return [Own(sum).clone()];
        }
    }
}
