using System.Reflection;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>
/// Types of well-known packages that get a look of their own. The kernel refers to none of these packages: a type is known by its
/// full name, once the assembly that has it is loaded.
/// </summary>
internal static class PackageTypes
{
    private static readonly Dictionary<string, Action<Type>> Known = new()
    {
        ["TorchSharp.torch+Tensor"] = TensorText.Register,
        ["Microsoft.Data.Analysis.DataFrame"] = DataFrames.Register,
        [PlotlyCharts.TypeName] = PlotlyCharts.Register,
        ["SkiaSharp.SKBitmap"] = SkiaImages.Register,
        ["SkiaSharp.SKImage"] = SkiaImages.Register,
    };

    private static readonly Lock Gate = new();
    private static readonly List<Type> Found = [];

    /// <summary>Finds the types in what is loaded, now and later.</summary>
    public static void Watch()
    {
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) => Look(loaded.LoadedAssembly);
        Array.ForEach(AppDomain.CurrentDomain.GetAssemblies(), Look);
    }

    /// <summary>Registers the types found so far, again after the package has forgotten them.</summary>
    public static void AddAll()
    {
        lock (Gate)
            Found.ForEach(Register);
    }

    private static void Look(Assembly assembly)
    {
        if (assembly.IsDynamic)
            return;

        foreach (var name in Known.Keys)
        {
            if (assembly.GetType(name) is { } type)
            {
                lock (Gate)
                {
                    if (!Found.Contains(type))
                    {
                        Found.Add(type);
                        Register(type);
                    }
                }
            }
        }
    }

    // Some packages bring plain looks of their own, which join at the first question about the type: the kernel's come after
    // them.
    private static void Register(Type type)
    {
        Formatter.GetPreferredMimeTypesFor(type);
        Known[type.FullName!](type);
    }
}
