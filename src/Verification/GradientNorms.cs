using System.Text.Json;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>L2 norms of gradients; a parameter without one counts 0.</summary>
internal static class GradientNorms
{
    /// <summary>Norms of the named parameters, in the order given.</summary>
    public static Tensor Of(IReadOnlyDictionary<string, Parameter> parameters, JsonElement names) =>
        stack([.. names.EnumerateArray().Select(name => Norm(parameters[name.GetString()!]))]);

    /// <summary>Norm over all parameters.</summary>
    public static Tensor Total(IEnumerable<Parameter> parameters) => stack([.. parameters.Select(Norm)]).norm();

    private static Tensor Norm(Parameter parameter) => parameter.grad is { } gradient ? gradient.norm() : zeros([]);
}
