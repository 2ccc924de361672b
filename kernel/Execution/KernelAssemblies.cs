using System.Reflection;
using Microsoft.AspNetCore.Html;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>
/// The assemblies that cells share with the kernel: what they display must be of the types that the kernel shows.
/// </summary>
internal static class KernelAssemblies
{
    private static readonly Assembly[] All = [
        typeof(KernelAssemblies).Assembly, typeof(Formatter).Assembly, typeof(IHtmlContent).Assembly];

    public static IEnumerable<string> Files => All.Select(each => each.Location);

    /// <summary>The names of the assemblies they refer to.</summary>
    public static IEnumerable<string> Needs => All.SelectMany(each => each.GetReferencedAssemblies()).Select(each => each.Name!);

    public static bool Has(string name) =>
        Array.Exists(All, each => string.Equals(each.GetName().Name, name, StringComparison.OrdinalIgnoreCase));
}
