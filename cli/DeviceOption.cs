using System.CommandLine;
using Madtp.Kit.Experiments;
using Madtp.Kit.Runtime;
using TorchSharp;

namespace Madtp.Kit.Cli;

/// <summary><c>--device</c>: where a verb computes; said in its first line, for what it starts itself too.</summary>
internal static class DeviceOption
{
    /// <summary>The option; without it <c>KIT_DEVICE</c> decides, else a GPU where there is one.</summary>
    public static Option<string> Create() => new("--device")
    {
        Description = $"Where to compute: {ComputeDevice.Names}; the toy world is computed on the CPU.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(PaperMachine.DeviceVariable) is { Length: > 0 } name ? name : ComputeDevice.Auto,
    };

    /// <summary>The device that was chosen.</summary>
    /// <exception cref="ArgumentException">There is no such device here.</exception>
    public static torch.Device Use(ParseResult parsed, Option<string> option)
    {
        var name = parsed.GetRequiredValue(option);
        var device = ComputeDevice.Of(name);
        Environment.SetEnvironmentVariable(PaperMachine.DeviceVariable, name);
        Console.Error.WriteLine($"computing on {ComputeDevice.Describe(device)}");
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
