using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
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
    private readonly ConcurrentDictionary<string, string> native = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentQueue<string> folders = new();

    /// <summary>Loads a compiled cell.</summary>
    public Assembly LoadSubmission(MemoryStream image, MemoryStream symbols)
    {
        (image.Position, symbols.Position) = (0, 0);
        var assembly = LoadFromStream(image, symbols);
        submissions[assembly.GetName().Name!] = assembly;
        return assembly;
    }

    public void AddManaged(string name, string path) => managed.TryAdd(name, path);

    public void AddNative(string path) => native.TryAdd(Path.GetFileName(path), path);

    /// <summary>A folder to look in for what is not found otherwise.</summary>
    public void AddFolder(string folder)
    {
        if (!folders.Contains(folder))
        {
            folders.Enqueue(folder);
        }
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var name = assemblyName.Name ?? "";
        if (submissions.TryGetValue(name, out var submission))
        {
            return submission;
        }

        if (Framework.Has(name) || KernelAssemblies.Has(name))
        {
            return null;
        }

        if (managed.TryGetValue(name, out var path))
        {
            return LoadFromAssemblyPath(path);
        }

        foreach (var folder in folders)
        {
            var beside = Path.Combine(folder, name + ".dll");
            if (File.Exists(beside))
            {
                return LoadFromAssemblyPath(ShadowCopy.Of(beside));
            }
        }

        return null;
    }

    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName)
    {
        foreach (var name in FileNames(unmanagedDllName))
        {
            if (native.TryGetValue(name, out var known))
            {
                LoadNeighbours(name);
                if (NativeLibrary.TryLoad(known, out var handle))
                {
                    return handle;
                }
            }

            foreach (var file in folders.SelectMany(NativeFolders).Select(folder => Path.Combine(folder, name)))
            {
                if (File.Exists(file))
                {
                    // A library that is there but cannot be loaded says why (a missing dependency, as a rule).
                    return NativeLibrary.Load(file);
                }
            }
        }

        return IntPtr.Zero;
    }

    // What lies in the folder of another package is not found by the system's loader, which then takes its own libtorch, if it has one.
    private void LoadNeighbours(string name)
    {
        string[] needed = name == "libLibTorchSharp.so" ? ["libc10.so", "libtorch_cpu.so", "libtorch_cuda.so", "libtorch.so"] : [];
        foreach (var neighbour in needed)
        {
            if (native.TryGetValue(neighbour, out var path))
            {
                NativeLibrary.TryLoad(path, out _);
            }
        }
    }

    private static IEnumerable<string> FileNames(string name)
    {
        var (prefix, suffix) = OperatingSystem.IsWindows() ? ("", ".dll") : OperatingSystem.IsMacOS() ? ("lib", ".dylib") : ("lib", ".so");
        string[] names = [name, name + suffix, prefix + name + suffix, prefix + name];
        return Path.IsPathRooted(name) ? [] : names.Distinct();
    }

    // Beside the assembly; where packages keep native files; and where this project builds its own: artifacts/native, up the tree.
    private static IEnumerable<string> NativeFolders(string folder)
    {
        yield return folder;
        yield return Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        yield return Path.Combine(folder, "runtimes", PortableIdentifier, "native");
        for (var up = folder; up is not null; up = Path.GetDirectoryName(up))
        {
            yield return Path.Combine(up, "artifacts", "native");
        }
    }

    /// <summary>The identifier packages use for this system, such as linux-x64.</summary>
    internal static string PortableIdentifier { get; } =
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux") + "-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
}
