using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>How trainings at the paper's scale are fitted to the machine, which changes nothing but rounding.</summary>
public static class PaperMachine
{
    /// <summary>Names the device: cpu, cuda or cuda:N.</summary>
    public const string DeviceVariable = "KIT_DEVICE";

    /// <summary>How many examples are worked through at once, for the memory there is.</summary>
    public const string PartVariable = "KIT_PART";

    private const int DefaultPart = 16; // what each of the paper's GPUs had

    /// <summary>Where to compute: <c>KIT_DEVICE</c>, else a GPU where there is one.</summary>
    /// <exception cref="ArgumentException">The variable names no device.</exception>
    public static Device Device =>
        ComputeDevice.Of(Environment.GetEnvironmentVariable(DeviceVariable) is { Length: > 0 } name ? name : ComputeDevice.Auto);

    /// <summary>A training, with batches in parts of at most <c>KIT_PART</c> examples (16) where its losses allow it, gradient
    /// checkpointing, and on a GPU bfloat16 products.</summary>
    /// <param name="parts">Whether a batch may be worked through in parts.</param>
    public static TrainingSettings Fit(TrainingSettings settings, bool parts = true)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings with
        {
            AccumulateSteps = parts ? Parts(settings.BatchSize, Part()) : 1,
            GradientCheckpointing = true,
            Precision = Device.type == TorchSharp.DeviceType.CUDA ? TrainingPrecision.BFloat16 : TrainingPrecision.Float32,
        };
    }

    /// <summary>The least number of equal parts that are not larger than wanted.</summary>
    internal static int Parts(int batch, int largest) =>
        Enumerable.Range(1, batch).First(parts => batch % parts == 0 && batch / parts <= largest);

    private static int Part()
    {
        var text = Environment.GetEnvironmentVariable(PartVariable);
        return string.IsNullOrEmpty(text) ? DefaultPart
            : int.TryParse(text, out var part) && part > 0 ? part
            : throw new ArgumentException($"{PartVariable} is '{text}'; it is a number of examples, such as 16");
    }
}
