using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Contrastive;

/// <summary>A slow copy of weights that learn: it moves toward them a little in each step and never has gradients.</summary>
internal static class MomentumCopy
{
    /// <summary>Makes the copies equal to their originals and takes them out of learning.</summary>
    public static void Start(IEnumerable<(Parameter Online, Parameter Copy)> pairs)
    {
        using var off = no_grad();
        foreach (var (online, copy) in pairs)
        {
            copy.copy_(online);
            copy.requires_grad = false;
        }
    }

    /// <summary>copy ← momentum · copy + (1 − momentum) · original.</summary>
    public static void Update(IEnumerable<(Parameter Online, Parameter Copy)> pairs, double momentum)
    {
        using var off = no_grad();
        foreach (var (online, copy) in pairs)
        {
            copy.mul_(momentum).add_(online, 1 - momentum);
        }
    }

    /// <summary>The name of a tensor's copy: <c>visual.proj</c> has <c>visual_m.proj</c>.</summary>
    public static string NameOf(string original)
    {
        var root = original.Split('.')[0];
        return $"{root}_m{original[root.Length..]}";
    }

    /// <summary>The parameters of two modules of the same structure, by name.</summary>
    public static IEnumerable<(Parameter Online, Parameter Copy)> Pairs(nn.Module online, nn.Module copy)
    {
        var copies = copy.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter);
        return online.named_parameters().Select(entry => (entry.parameter, copies[entry.name]));
    }
}
