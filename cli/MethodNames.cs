using System.CommandLine;
using Madtp.Kit.Experiments;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cli;

/// <summary>Ways to reduce tokens by the names that commands know them by.</summary>
internal static class MethodNames
{
    // MADTP in its variants, then its rivals.
    private static readonly Dictionary<string, Method> Short = new(StringComparer.OrdinalIgnoreCase)
    {
        ["madtp"] = Methods.Of("MADTP"),
        ["madtp-paper"] = Variant("madtp-paper", ReductionPolicy.Paper),
        ["madtp-released"] = Variant("madtp-released", ReductionPolicy.Released),
        ["stp"] = Methods.Of("STP"),
        ["evit"] = Methods.Of("EViT"),
        ["tome"] = Methods.Of("ToMe"),
        ["random"] = Methods.Of("Random"),
        ["upop"] = Methods.Of("UPop"),
    };

    /// <summary>The option <c>--method</c>.</summary>
    /// <param name="usual">What it is otherwise, in a sentence.</param>
    public static Option<string?> Create(string usual) =>
        new("--method") { Description = $"How tokens are reduced: {string.Join(", ", Short.Keys)}, or another name that './kit experiment --help' lists. {usual}", HelpName = "NAME" };

    /// <summary>The method of a name, which may be one of those that experiments know.</summary>
    /// <exception cref="ArgumentException">There is none; the message names those there are.</exception>
    public static Method Of(string name) => Short.TryGetValue(name, out var method) ? method : Methods.Of(name);

    /// <summary>The same, for what only reduces tokens.</summary>
    /// <exception cref="ArgumentException">There is none, or it reduces no tokens.</exception>
    public static Method Tokens(string name) => Of(name) is { Pruning: not null } method
        ? method
        : throw new ArgumentException($"'{name}' takes no tokens out; {string.Join(", ", Short.Keys)} do");

    private static Method Variant(string name, ReductionPolicy policy) =>
        new(name, PruningMethod.ByTemperature(policy)) { AlignmentWeight = Methods.Of("MADTP").AlignmentWeight, About = $"MADTP, variant {policy.Name}" };
}
