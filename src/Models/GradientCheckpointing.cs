using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Gradient checkpointing of whole models.</summary>
public static class GradientCheckpointing
{
    /// <summary>Switches it on or off in every encoder of a model.</summary>
    /// <returns>How many encoders there are that can.</returns>
    public static int Set(nn.Module model, bool on)
    {
        ArgumentNullException.ThrowIfNull(model);
        IRecomputing[] encoders = [.. model.modules().Prepend(model).OfType<IRecomputing>().Distinct()];
        foreach (var encoder in encoders)
        {
            encoder.Recomputes = on;
        }

        return encoders.Length;
    }
}
