using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Madtp.Kit.Runtime;

/// <summary>Loads libtorch before TorchSharp looks for one, so that the package's own is what runs: the dynamic linker takes a
/// loaded library for every later request by its name, and a libtorch of the system would otherwise be found first.
/// <c>KIT_LIBTORCH</c> names another one, a folder with <c>lib/libtorch_cpu.so</c> such as pip's <c>site-packages/torch</c>;
/// TorchSharp's binding is the package's in any case.</summary>
public static partial class NativeLibraries
{
    /// <summary>Names the folder of another libtorch; empty for the package's.</summary>
    public const string Variable = "KIT_LIBTORCH";

    private const string Torch = "libtorch_cpu.so";
    private const string BindingFile = "libLibTorchSharp.so";
    private const string NewestNode = "GLIBCXX_3.4.32"; // the version node of libstdc++ that the binding asks for

    /// <summary>Why libtorch could not be loaded, in a sentence; null where it was.</summary>
    public static string? Failure { get; private set; }

    /// <summary>The folder that libtorch is loaded from.</summary>
    public static string Folder => Chosen is { } chosen ? Path.Combine(chosen, "lib") : Beside;

    /// <summary>Whether the chosen libtorch was built with CUDA; whether a GPU answers is another matter.</summary>
    public static bool HasCuda => File.Exists(Path.Combine(Folder, "libtorch_cuda.so"));

    /// <summary>The libtorch's version: what a Python's torch says of itself, else the package's.</summary>
    public static string Version
    {
        get
        {
            var file = Path.Combine(Chosen ?? string.Empty, "version.py");
            var line = Chosen is null || !File.Exists(file) ? null
                : File.ReadLines(file).FirstOrDefault(line => line.StartsWith("__version__", StringComparison.Ordinal));
            return line?.Split('=')[1].Trim(' ', '\'') ?? TorchSharp.torch.__version__;
        }
    }

    private static string? Chosen => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen ? chosen : null;

    private static string Beside => Path.GetDirectoryName(typeof(NativeLibraries).Assembly.Location) is { Length: > 0 } folder
        ? folder
        : AppContext.BaseDirectory;

    /// <summary>Loads the libraries in the order of their dependencies; what fails is kept in <see cref="Failure"/>.</summary>
#pragma warning disable CA2255 // of a library, because it has to come before the first use of TorchSharp anywhere
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Load()
    {
        if (!OperatingSystem.IsLinux())
            return;

        var loaded = new Dictionary<string, nint>();
        foreach (var path in Paths().Where(File.Exists))
        {
            try
            {
                loaded[Path.GetFileName(path)] = NativeLibrary.Load(path);
            }
            catch (DllNotFoundException e)
            {
                Failure = Sentence(path, e.Message);
                return;
            }
        }

        // Native code must not be led to what can be unloaded.
        var stays = AssemblyLoadContext.GetLoadContext(typeof(NativeLibraries).Assembly) is not { IsCollectible: true };
        if (stays && loaded.TryGetValue(Torch, out var torch) && loaded.TryGetValue(BindingFile, out var binding))
        {
            OpenMp.Begin(torch);
            LateRelease.Begin(torch, binding);
        }

        // Freed memory is given back to the system from 256 MB on: glibc does from twice its largest block, an attention map or
        // two, and gets it back page by page in the next layer. The first value says which of its parameters.
        const int trimThreshold = -1, mapThreshold = -3;
        SetAllocator(trimThreshold, 256 << 20);
        SetAllocator(mapThreshold, 32 << 20); // which otherwise stays at 128 KB once the other is set
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetAllocator(int parameter, int value);

    /// <summary>What the loader's message means for a person.</summary>
    internal static string Sentence(string path, string loaderMessage) =>
        loaderMessage.Contains(NewestNode, StringComparison.Ordinal)
            ? $"TorchSharp needs a libstdc++ with {NewestNode}, which this system's is too old for: start the program through "
                + "./kit (after ./kit setup), or use Debian 13, Ubuntu 24.04 or the conda environment"
            : $"libtorch cannot be loaded from '{Path.GetDirectoryName(path)}': {loaderMessage.Split('\n')[0]}";

    private static IEnumerable<string> Paths()
    {
        // The CUDA half registers itself with the other one when it is loaded.
        string[] names = ["libc10.so", Torch, "libtorch_cuda.so", "libtorch.so"];
        return [.. names.Select(name => Path.Combine(Folder, name)), Path.Combine(Beside, BindingFile)];
    }
}

/// <summary>What libtorch says of an error: one sentence for people, with a page of its own call stack behind it.</summary>
public static class NativeError
{
    // It goes on: "If so, please report an enhancement request to PyTorch.)"
    private const string Request = "(Could this error message be improved?";

    /// <summary>The sentence; other exceptions' messages as they are.</summary>
    public static string Text(Exception e)
    {
        if (e is not ExternalException)
            return e.Message;

        var line = e.Message.AsSpan().TrimStart();
        line = line[..(line.IndexOf('\n') is >= 0 and var end ? end : line.Length)];
        return line[..(line.IndexOf(Request, StringComparison.Ordinal) is >= 0 and var request ? request : line.Length)].Trim()
            .ToString();
    }
}
