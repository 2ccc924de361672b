using Madtp.Kit.Benchmarks;

// Every benchmark by name: what it measures, and how to run it.
var benchmarks = new Dictionary<string, (string About, Func<string[], int> Run)>
{
    ["calls"] = (CallOverhead.About, CallOverhead.Run),
    ["forward"] = (FullForward.About, FullForward.Run),
    ["fuzz"] = (Fuzz.About, Fuzz.Run),
    ["load-checkpoint"] = (LoadCheckpoint.About, LoadCheckpoint.Run),
    ["memory"] = (MemoryFlat.About, MemoryFlat.Run),
};

if (args is [var name, .. var rest] && benchmarks.TryGetValue(name, out var benchmark))
{
    return benchmark.Run(rest);
}

foreach (var (key, (about, _)) in benchmarks)
{
    Console.WriteLine($"  {key,-18} {about}");
}

return args.Length == 0 ? 0 : 2;
