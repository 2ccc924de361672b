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
        var names = Methods.All.Where(method => method.Name != Methods.Uncompressed).Select(method => method.Name);
        return new("--method") { Description = $"How the model gets cheaper: {string.Join(", ", names)}. {usual}", HelpName = "NAME" };
    }
}
