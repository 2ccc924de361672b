using System.CommandLine;
using Madtp.Kit.Experiments;
using Madtp.Kit.Runtime;
using Madtp.Kit.Training;
using TorchSharp;

namespace Madtp.Kit.Cli;

/// <summary><c>--device</c> and <c>--precision</c>: how a verb computes; said in its first line, for what it starts itself too.</summary>
internal static class DeviceOption
{
    /// <summary>The option; without it <c>KIT_DEVICE</c> decides, else a GPU where there is one.</summary>
    public static Option<string> Create() => new("--device")
    {
        Description = $"Where to compute: {ComputeDevice.Names}; experiments in the toy world are computed on the CPU.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(PaperMachine.DeviceVariable) is { Length: > 0 } name ? name : ComputeDevice.Auto,
    };

    /// <summary>What matrix products are computed in.</summary>
    public static Option<TrainingPrecision> Precision() => new("--precision")
    {
        Description = "float32; or, for GPUs, tf32 (float32 with factors of 10 bits) or bfloat16 (mixed precision).",
        DefaultValueFactory = _ => TrainingPrecision.Float32,
    };

    /// <summary>The device that was chosen.</summary>
    /// <exception cref="ArgumentException">There is no such device here.</exception>
    public static torch.Device Use(ParseResult parsed, Option<string> option, TrainingPrecision precision = TrainingPrecision.Float32)
    {
        var name = parsed.GetRequiredValue(option);
        var device = ComputeDevice.Of(name);
        ComputeDevice.AllowTf32(precision == TrainingPrecision.Tf32);
        Environment.SetEnvironmentVariable(PaperMachine.DeviceVariable, name);
        Console.Error.WriteLine($"computing on {ComputeDevice.Describe(device)} in {precision.ToString().ToLowerInvariant()}");
        return device;
    }

    /// <summary>The same for experiments, where one of them is not of the toy world.</summary>
    public static void UseFor(IEnumerable<Experiment> experiments, ParseResult parsed, Option<string> option)
    {
        if (experiments.Any(experiment => !experiment.Task.StartsWith("toy-", StringComparison.Ordinal)))
        {
            Use(parsed, option);
        }
    }
}
