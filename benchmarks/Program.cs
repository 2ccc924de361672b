using System.Globalization;
using Madtp.Kit.Benchmarks;

// Every benchmark by name: what it measures, and how to run it.
var benchmarks = new Dictionary<string, (string About, Func<string[], int> Run)>
{
    ["load-checkpoint"] = (LoadCheckpoint.About, LoadCheckpoint.Run),
    ["memory"] = ("trains a small model for STEPS steps (10,000) and shows that resident memory stays flat",
        rest => MemoryFlat.Run(rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 10_000)),
    ["calls"] = ("what one operator call costs beside PyTorch's Python binding", _ => CallOverhead.Run()),
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
