using Madtp.Kit.Benchmarks;
using Microsoft.ML.OnnxRuntime;

// Every benchmark by name: what it measures, and how to run it.
var benchmarks = new Dictionary<string, (string About, Func<string[], int> Run)>
{
    ["batches"] = (BatchLayouts.About, BatchLayouts.Run),
    ["calls"] = (CallOverhead.About, CallOverhead.Run),
    ["fuzz"] = (Fuzz.About, Fuzz.Run),
    ["kernel"] = (KernelStart.About, KernelStart.Run),
    ["load-checkpoint"] = (LoadCheckpoint.About, LoadCheckpoint.Run),
    ["scaling"] = (Scaling.About, Scaling.Run),
    ["memory"] = (MemoryFlat.About, MemoryFlat.Run),
};
foreach (var speed in ModelSpeed.All)
    benchmarks[speed.Name] = (speed.About, speed.Run);

if (args is [var name, .. var rest] && benchmarks.TryGetValue(name, out var benchmark))
{
    if (rest is ["--help" or "-h" or "-?", ..])
    {
        Console.WriteLine($"{name}: {benchmark.About}");
        return 0;
    }

    try
    {
        return benchmark.Run(rest);
    }
    catch (Exception e) when (e is ArgumentException or FormatException or IOException or DllNotFoundException
        or OnnxRuntimeException)
    {
        Console.Error.WriteLine($"kit: {e.Message}");
        return 2;
    }
}

foreach (var (key, (about, _)) in benchmarks)
    Console.WriteLine($"  {key,-18} {about}");

return args.Length == 0 ? 0 : 2;
