using System.CommandLine;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cli;

/// <summary>The option <c>--method</c>, whose names are those of <see cref="Methods"/>.</summary>
internal static class MethodNames
{
    /// <summary>Creates it.</summary>
    /// <param name="usual">What it is otherwise, in a sentence.</param>
    public static Option<string?> Create(string usual)
    {
        var names = Methods.All.Where(method => method.Pruning is not null).Select(method => method.Name);
        return new("--method") { Description = $"How tokens are reduced: {string.Join(", ", names)}. {usual}", HelpName = "NAME" };
    }
}
