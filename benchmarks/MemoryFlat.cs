using System.Globalization;
using static TorchSharp.torch;

namespace Madtp.Kit.Benchmarks;

/// <summary>Forward, backward and step of a small model, many times over: resident memory must not grow.</summary>
internal static class MemoryFlat
{
    public const string About = "train a small model for 10,000 steps (or as many as said): resident memory stays flat";

    // Less than a hundredth of what leaking one activation a step would add.
    private const double AllowedMegabytes = 10;

    public static int Run(string[] arguments)
    {
        var steps = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 10_000;
        manual_seed(1);
        using var model = nn.Sequential(nn.Linear(64, 128), nn.GELU(), nn.LayerNorm(128), nn.Dropout(0.1), nn.Linear(128, 10));
        using var optimizer = optim.AdamW(model.parameters(), lr: 1e-3, weight_decay: 0.05);
        using var input = randn(32, 64);
        using var target = randint(0, 10, [32]);
        Console.WriteLine("   step   resident MB   live tensors     loss");
        var readings = new List<(double Megabytes, long Tensors)>();
        for (var step = 1; step <= steps; step++)
        {
            var loss = Step(model, optimizer, input, target);
            if (step % Math.Max(1, steps / 10) != 0)
                continue;

            var resident = ResidentMegabytes();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{step,7}   {resident,11:F1}   {Tensor.TotalCount,12}   {loss,6:F4}"));

            readings.Add((resident, Tensor.TotalCount));
        }

        // The first fifth lets the allocator, the collector and the compiler settle.
        var (settled, tensors) = readings[readings.Count / 5];
        var (last, left) = readings[^1];
        if (last > settled + AllowedMegabytes || left > tensors)
        {
            Console.WriteLine(
                $"grew: {settled:F1} MB and {tensors} tensors after the first fifth, {last:F1} MB and {left} at the end");
            return 1;
        }

        Console.WriteLine("flat");
        return 0;
    }

    private static float Step(
        nn.Module<Tensor, Tensor> model, optim.Optimizer optimizer, Tensor input, Tensor target)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        var loss = nn.functional.cross_entropy(model.call(input), target);
        loss.backward();
        nn.utils.clip_grad_norm_(model.parameters(), 1);
        optimizer.step();
        return loss.item<float>();
    }

    private static double ResidentMegabytes()
    {
        var pages = File.ReadAllText("/proc/self/statm").Split(' ')[1];
        return long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize / 1e6;
    }
}
