using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Loader;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>
/// Where cells and the assemblies they refer to are loaded: apart from the kernel's own dependencies, and able to find the
/// managed and native libraries that stand beside a referenced assembly.
/// </summary>
internal sealed class NotebookLoadContext() : AssemblyLoadContext("notebook")
{
    private readonly ConcurrentDictionary<string, Assembly> submissions = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> managed = new(StringComparer.OrdinalIgnoreCase);
    private readonly NativeFiles natives = new();
    private readonly ConcurrentQueue<string> folders = new();

    /// <summary>Loads a compiled cell.</summary>
    public Assembly LoadSubmission(MemoryStream image, MemoryStream symbols)
    {
        (image.Position, symbols.Position) = (0, 0);
        var assembly = LoadFromStream(image, symbols);
        submissions[assembly.GetName().Name!] = assembly;
        return assembly;
    }

    /// <summary>Where an assembly is; a later place counts as long as <see cref="HasLoaded"/> is false.</summary>
    public void AddManaged(string name, string path) => managed[name] = path;

    /// <summary>Whether code of the assembly may run already.</summary>
    public bool HasLoaded(string name) =>
        Assemblies.Any(each => string.Equals(each.GetName().Name, name, StringComparison.OrdinalIgnoreCase));

    public void AddNative(string path) => natives.Add(path);

    /// <summary>A folder to look in for what is not found otherwise.</summary>
    public void AddFolder(string folder)
    {
        if (!folders.Contains(folder))
        {
            folders.Enqueue(folder);
            natives.AddFolder(folder);
        }
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var name = assemblyName.Name ?? "";
        if (submissions.TryGetValue(name, out var submission))
            return submission;

        if (Framework.Has(name) || KernelAssemblies.Has(name))
            return null;

        if (managed.TryGetValue(name, out var path))
            return LoadFile(path);

        foreach (var folder in folders)
        {
            var beside = Path.Combine(folder, name + ".dll");
            if (File.Exists(beside))
                return LoadFile(ShadowCopy.Of(beside));
        }

        return null;
    }

    // What it calls is loaded before it, so that a library which then looks around by itself finds it, and what is wrong is said
    // here.
    private Assembly LoadFile(string path)
    {
        natives.LoadAll(AssemblyFile.Calls(path));
        return LoadFromAssemblyPath(path);
    }

    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName) => natives.Load(unmanagedDllName);
}
