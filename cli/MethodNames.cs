using System.CommandLine;
using Madtp.Kit.Experiments;
using Madtp.Kit.Pruning;

namespace Madtp.Kit.Cli;

/// <summary>Ways to reduce tokens by the names that commands know them by.</summary>
internal static class MethodNames
{
    /// <summary>MADTP in its variants, then its rivals.</summary>
    public static IReadOnlyDictionary<string, Method> All { get; } = new Dictionary<string, Method>(StringComparer.Ordinal)
    {
        ["madtp"] = Methods.Of("MADTP"),
        ["madtp-paper"] = Variant("madtp-paper", ReductionPolicy.Paper),
        ["madtp-released"] = Variant("madtp-released", ReductionPolicy.Released),
        ["stp"] = Methods.Of("STP"),
        ["evit"] = Methods.Of("EViT"),
        ["tome"] = Methods.Of("ToMe"),
        ["random"] = Methods.Of("Random"),
    };

    /// <summary>The option <c>--method</c>.</summary>
    /// <param name="usual">What it is otherwise, in a sentence.</param>
    public static Option<string?> Create(string usual)
    {
        var option = new Option<string?>("--method") { Description = $"How tokens are reduced: {string.Join(", ", All.Keys)}. {usual}" };
        option.AcceptOnlyFromAmong([.. All.Keys]);
        return option;
    }

    private static Method Variant(string name, ReductionPolicy policy) =>
        new(name, PruningMethod.ByTemperature(policy)) { AlignmentWeight = Methods.Of("MADTP").AlignmentWeight, About = $"MADTP, variant {policy.Name}" };
}
