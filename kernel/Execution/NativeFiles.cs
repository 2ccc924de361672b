using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>
/// Finds and loads the native libraries of what cells refer to. What such a library needs, and came with it, is loaded first, by
/// its path: the system's loader would take a library of the system by the same name, of another version, rather than one that
/// lies in another package's folder. What LD_LIBRARY_PATH offers was put there on purpose, and goes before either.
/// </summary>
internal sealed partial class NativeFiles
{
    private readonly ConcurrentDictionary<string, string> known = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> folders = new();
    private readonly ConcurrentDictionary<string, IntPtr> loaded = new(StringComparer.Ordinal);

    /// <summary>The identifier packages use for this system, such as linux-x64.</summary>
    public static string PortableIdentifier { get; } =
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux") + "-"
            + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    /// <summary>A library that came with a package.</summary>
    public void Add(string path) => known.TryAdd(Path.GetFileName(path), path);

    /// <summary>The folder of a managed assembly, with what lies beside it.</summary>
    public void AddFolder(string folder) => NativeFolders(folder).ToList().ForEach(folders.Enqueue);

    /// <summary>
    /// Loads a library by the name managed code calls it by; zero where it did not come with what cells refer to.
    /// </summary>
    /// <exception cref="DllNotFoundException">It is there and cannot be loaded: something it needs is missing.</exception>
    public IntPtr Load(string name) =>
        FileNames(name).Select(Find).OfType<string>().FirstOrDefault() is { } path ? LoadFile(path) : IntPtr.Zero;

    /// <summary>
    /// Loads those of the libraries that came with what cells refer to. One that cannot be is left to fail when it is called.
    /// </summary>
    /// <exception cref="TooOldException">The system is too old for one.</exception>
    public void LoadAll(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            try
            {
                Load(name);
            }
            catch (DllNotFoundException failed) when (failed is not TooOldException)
            {
                // It may be for another system, or never be called.
            }
        }
    }

    private IntPtr LoadFile(string path)
    {
        if (loaded.TryGetValue(path, out var handle))
            return handle;

        // Entered before it is loaded: libraries may need each other.
        loaded[path] = IntPtr.Zero;
        ElfFile.Needs(path).Select(Find).OfType<string>().Where(needed => !loaded.ContainsKey(needed)).ToList()
            .ForEach(needed => LoadFile(needed));
        try
        {
            return loaded[path] = NativeLibrary.Load(path);
        }
        catch (DllNotFoundException failed)
        {
            loaded.TryRemove(path, out _);
            throw TooOld().Match(failed.Message) is { Success: true } old ? new TooOldException(Sentence(path, old)) : failed;
        }
    }

    private static string Sentence(string path, Match old) =>
        $"{Path.GetFileName(path)} cannot be loaded, because this system's {Path.GetFileName(old.Groups["library"].Value)} is "
            + $"too old "
        + $"({old.Groups["node"].Value} is not in it): use a newer system (Debian 13, Ubuntu 24.04), conda, or the kit, whose "
            + $"./kit setup adds what is missing";

    /// <summary>A native library needs a newer system than this one.</summary>
    internal sealed class TooOldException(string message) : DllNotFoundException(message);

    private string? Find(string name)
    {
        var own = known.GetValueOrDefault(name) ?? folders.Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
        return own is null ? null : Chosen(name) ?? own;
    }

    private static string? Chosen(string name) => (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "")
        .Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    private static IEnumerable<string> FileNames(string name)
    {
        var (prefix, suffix) = OperatingSystem.IsWindows() ? ("", ".dll") : OperatingSystem.IsMacOS() ? ("lib", ".dylib")
            : ("lib", ".so");
        string[] names = [name, name + suffix, prefix + name + suffix, prefix + name];
        return Path.IsPathRooted(name) ? [] : names.Distinct();
    }

    private static IEnumerable<string> NativeFolders(string folder) =>
        new[] { folder, Runtimes(folder, RuntimeInformation.RuntimeIdentifier), Runtimes(folder, PortableIdentifier) }.Distinct();

    private static string Runtimes(string folder, string identifier) => Path.Combine(folder, "runtimes", identifier, "native");

    [GeneratedRegex("""(?<library>[^\s:]+): version `(?<node>[^']+)' not found""", RegexOptions.ExplicitCapture)]
    private static partial Regex TooOld();
}
