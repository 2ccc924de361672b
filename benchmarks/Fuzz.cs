using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace Madtp.Kit.Benchmarks;

/// <summary>
/// Damaged inputs for everything that reads: each must be read, or refused in a sentence that names it, within 2 seconds and in
/// memory of twice the input and 64 MB. Input N of a seed is always the same. Workers are processes of their own, so that one
/// which an input ends is counted too.
/// </summary>
internal static class Fuzz
{
    public const string About = "damaged inputs for every reader (--minutes 5, --seed N, --jobs N; --input N runs one again)";

    private const int Hung = 9;
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static int Run(string[] arguments)
    {
        string? Option(string name) => Array.IndexOf(arguments, name) is >= 0 and var at && at + 1 < arguments.Length
            ? arguments[at + 1] : null;
        string[] known = ["--minutes", "--seed", "--jobs", "--input", "--worker", "--from"];
        if (arguments.Where((_, at) => at % 2 == 0).FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            throw new ArgumentException($"fuzz does not know '{unknown}': {About}");

        if (arguments.Length % 2 == 1)
            throw new ArgumentException($"{arguments[^1]} needs a value: {About}");

        long Number(string name, long otherwise, long least = 0) => Option(name) is not { } text ? otherwise
            : long.TryParse(text, CultureInfo.InvariantCulture, out var number) && number >= least ? number
            : throw new ArgumentException($"{name} '{text}': give a whole number, {least} or more");
        var minutes = !double.TryParse(Option("--minutes") ?? "5", CultureInfo.InvariantCulture, out var given)
            || given is not (> 0 and <= 100_000) ? throw new ArgumentException(
                $"--minutes '{Option("--minutes")}': give a number above 0, up to 100000") : given;
        var seed = Number("--seed", DateTime.UtcNow.Ticks % 1_000_000_000);
        if (Option("--worker") is { } status)
        {
            Work(seed, status, Number("--from", 0), Number("--jobs", 1, least: 1), minutes);
            return 0;
        }

        if (Option("--input") is not null)
            return Again(seed, Number("--input", 0));

        var jobs = (int)Number("--jobs", Environment.ProcessorCount, least: 1);
        Console.WriteLine($"seed {seed}, {minutes.ToString(CultureInfo.InvariantCulture)} minutes, {jobs} processes");
        var counts = new Counts();
        var end = DateTime.UtcNow + TimeSpan.FromMinutes(minutes);
        Parallel.For(0, jobs, new ParallelOptions { MaxDegreeOfParallelism = jobs }, job => Watch(seed, job, jobs, end, counts));
        Console.WriteLine(counts);
        return counts.Finds == 0 ? 0 : 1;
    }

    // Starts a worker, and the next behind the input that ended it.
    private static void Watch(long seed, int job, int jobs, DateTime end, Counts counts)
    {
        var status = Path.GetTempFileName();
        File.WriteAllBytes(status, BitConverter.GetBytes(-1L));
        try
        {
            for (long from = job; (end - DateTime.UtcNow).TotalMinutes is > 0 and var left; from += jobs)
            {
                using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!,
                [
                    typeof(Fuzz).Assembly.Location, "fuzz", "--worker", status, "--seed", $"{seed}", "--from", $"{from}",
                        "--jobs", $"{jobs}",
                    "--minutes", left.ToString("R", CultureInfo.InvariantCulture),
                ])
                { RedirectStandardOutput = true, RedirectStandardError = true })!;
                var said = new Queue<string>();
                process.ErrorDataReceived += (_, e) => said.Enqueue(e.Data ?? "");
                process.BeginErrorReadLine();
                while (process.StandardOutput.ReadLine() is { } line)
                    counts.Add(line);

                process.WaitForExit();
                if (process.ExitCode == 0)
                    return;

                from = BitConverter.ToInt64(File.ReadAllBytes(status));
                if (from < 0)
                    throw new InvalidOperationException(string.Join('\n', said));

                var what = process.ExitCode == Hung ? $"took over {Patience.TotalSeconds} s"
                    : $"ended the process ({process.ExitCode})";
                counts.Add($"find\t{what}\t{from}\t{what}");
            }
        }
        finally
        {
            File.Delete(status);
        }
    }

    private static void Work(long seed, string status, long from, long jobs, double minutes)
    {
        using var fuzz = new FuzzTargets();
        using var map = MemoryMappedFile.CreateFromFile(status, FileMode.Open, null, sizeof(long));
        using var place = map.CreateViewAccessor();
        var current = Stopwatch.StartNew();
        using var watch = new Timer(_ =>
        {
            if (current.Elapsed > Patience)
                Environment.Exit(Hung);
        }, null, 1000, 1000);
        var tally = new Dictionary<string, (long Read, long Refused, double Seconds)>();
        var end = DateTime.UtcNow + TimeSpan.FromMinutes(minutes);
        var told = Stopwatch.StartNew();
        for (var number = from; DateTime.UtcNow < end; number += jobs)
        {
            place.Write(0, number);
            current.Restart();
            var input = fuzz.Input(seed, number);
            var (wasRead, find) = Judge(input);
            if (find is var (kind, detail))
            {
                var line = new string([.. detail.Select(c => char.IsControl(c) ? '?' : c)]);
                Console.WriteLine($"find\t{input.Target}: {kind}\t{number}\t{line}");
            }

            var (read, refused, seconds) = tally.GetValueOrDefault(input.Target);
            seconds += current.Elapsed.TotalSeconds;
            tally[input.Target] = find is not null ? (read, refused, seconds)
                : wasRead ? (read + 1, refused, seconds) : (read, refused + 1, seconds);
            if (told.Elapsed.TotalSeconds > 1)
                Tell();
        }

        Tell();

        void Tell()
        {
            foreach (var (target, (read, refused, seconds)) in tally)
                Console.WriteLine(FormattableString.Invariant($"count\t{target}\t{read}\t{refused}\t{seconds:F3}"));

            tally.Clear();
            told.Restart();
        }
    }

    private static int Again(long seed, long number)
    {
        using var fuzz = new FuzzTargets();
        var input = fuzz.Input(seed, number);
        var kept = Path.GetFullPath($"fuzz-{seed}-{number}");
        File.WriteAllBytes(kept, input.Bytes);
        Console.WriteLine($"{input.Target}, {input.Bytes.Length} bytes, kept as {kept}");
        try
        {
            input.Read();
            Console.WriteLine("read");
        }
        catch (Exception e)
        {
            Console.WriteLine(e);
        }

        var (_, find) = Judge(input);
        Console.WriteLine(find is var (kind, detail) ? $"{kind}: {detail}" : "nothing is wrong with that");
        return find is null ? 0 : 1;
    }

    private static (bool WasRead, (string Kind, string Detail)? Find) Judge(FuzzInput input)
    {
        var (failure, time, memory) = Measured(input.Read);
        if (time > Allowed && Measured(input.Read).Time is var again && again > Allowed)
            return (false, ("over 2 s", $"took {again.TotalSeconds:F1} s for {input.Bytes.Length} bytes"));

        var allowed = (64L << 20) + (2L * input.Bytes.Length);
        if (memory > allowed && Peak(input.Read) is var peak && peak > allowed)
            return (false, ("over memory", $"took {peak >> 20} MB for {input.Bytes.Length} bytes"));

        return (failure is null, failure is null ? null : Fault(failure, input));
    }

    // What is wrong with how an input was refused; null if nothing is.
    private static (string Kind, string Detail)? Fault(Exception e, FuzzInput input)
    {
        var what = e is not (InvalidDataException or FileNotFoundException) ? "wrong exception"
            : e.Message.Any(char.IsControl) ? "not one printable line"
            : e.Message.Contains("(Parameter", StringComparison.Ordinal)
                || e.Message.Contains("System.", StringComparison.Ordinal)
                ? "speaks of code"
            : e.Message.Length > 1500 ? "too long"
            : input.Named && !e.Message.Contains(FuzzTargets.Mark, StringComparison.Ordinal) ? "does not name the file"
            : null;
        var place = e.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("at Madtp", StringComparison.Ordinal))?.Trim();
        return what is null ? null
            : ($"{what}, {e.GetType().Name} {place?.Split('(')[0]}", $"{e.Message[..Math.Min(e.Message.Length, 200)]}");
    }

    private static (Exception? Failure, TimeSpan Time, long Allocated) Measured(Action read)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (watch, used) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        Exception? failure = null;
        try
        {
            read();
        }
        catch (Exception e)
        {
            failure = e is AggregateException { InnerExceptions: [var only] } ? only : e;
        }

        // On a busy machine time goes by in which nothing of this is computed.
        var (elapsed, computed) = (watch.Elapsed, Environment.CpuUsage.TotalTime - used);
        return (failure, computed < elapsed ? computed : elapsed, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static long Peak(Action read)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (peak, isDone) = (0L, false);
        var sampler = new Thread(() =>
        {
            while (!Volatile.Read(ref isDone))
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - before);
        });
        sampler.Start();
        Measured(read);
        Volatile.Write(ref isDone, true);
        sampler.Join();
        return peak;
    }

    // What all workers have come to. One fault is met by many inputs: the first of each is told.
    private sealed class Counts
    {
        private readonly Lock gate = new();
        private readonly SortedDictionary<string,
            (long Read, long Refused, double Seconds)> byTarget = new(StringComparer.Ordinal);
        private readonly Dictionary<string, List<string>> finds = [];

        public int Finds => finds.Values.Sum(numbers => numbers.Count);

        public void Add(string line)
        {
            lock (gate)
            {
                var parts = line.Split('\t');
                if (parts[0] == "count")
                {
                    double Part(int index) => double.Parse(parts[index], CultureInfo.InvariantCulture);
                    var (read, refused, seconds) = byTarget.GetValueOrDefault(parts[1]);
                    byTarget[parts[1]] = (read + (long)Part(2), refused + (long)Part(3), seconds + Part(4));
                }
                else if (parts[0] == "find")
                {
                    finds.TryAdd(parts[1], []);
                    finds[parts[1]].Add(parts[2]);
                    if (finds[parts[1]].Count == 1)
                        Console.WriteLine($"  input {parts[2]}: {parts[1]}: {parts[3]}");
                }
            }
        }

        public override string ToString()
        {
            var rows = byTarget.Select(row => FormattableString.Invariant(
                $"{row.Key,-14}{row.Value.Read,12:N0}{row.Value.Refused,12:N0}{row.Value.Seconds,10:N0}"));
            var kinds = finds.Select(kind => $"{kind.Value.Count,8} {kind.Key} (inputs {string.Join(", ", kind.Value.Take(4))})");
            var (read, refused) = (byTarget.Values.Sum(row => row.Read), byTarget.Values.Sum(row => row.Refused));
            return $"{"",-14}{"read",12}{"refused",12}{"seconds",10}\n{string.Join('\n', rows.Concat(kinds))}\n"
                + FormattableString.Invariant(
                    $"{read + refused + Finds:N0} inputs: {read:N0} read, {refused:N0} refused, {Finds:N0} faults")
                + FormattableString.Invariant($" of {finds.Count} kinds");
        }
    }
}

/// <summary>One input of the fuzz.</summary>
/// <param name="Target">What reads it.</param>
/// <param name="Bytes">The input.</param>
/// <param name="Named">Whether what is said of it must name its file.</param>
/// <param name="Read">Reads it.</param>
internal sealed record FuzzInput(string Target, byte[] Bytes, bool Named, Action Read);
