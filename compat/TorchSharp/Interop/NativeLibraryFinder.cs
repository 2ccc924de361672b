using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>Finds and prepares libkit_torch.so: beside the assembly, else in artifacts/native of a folder above it.</summary>
internal static partial class NativeLibraryFinder
{
    private const string FileName = "libkit_torch.so";

#pragma warning disable CA2255 // The environment must be set before anything of libtorch loads.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register()
        => NativeLibrary.SetDllImportResolver(typeof(NativeLibraryFinder).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Kit.Library)
        {
            return 0;
        }

        PreferPassiveWaiting();
        return NativeLibrary.Load(Find(assembly) ?? throw new DllNotFoundException(
            $"{FileName} is neither beside {assembly.Location} nor in artifacts/native above it: run ./kit setup, then build."));
    }

    // libgomp reads its settings from the C environment once, when it loads; spinning workers starve a shared machine.
    private static void PreferPassiveWaiting()
    {
        if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
        {
            _ = SetEnvironment("OMP_WAIT_POLICY", "PASSIVE", 0);
        }
    }

    private static string? Find(Assembly assembly)
    {
        var folders = new[] { Path.GetDirectoryName(assembly.Location), AppContext.BaseDirectory };
        foreach (var folder in folders)
        {
            for (var at = folder; !string.IsNullOrEmpty(at); at = Path.GetDirectoryName(at))
            {
                foreach (var candidate in new[] { Path.Combine(at, FileName), Path.Combine(at, "artifacts", "native", FileName) })
                {
                    if (File.Exists(candidate))
                    {
                        return candidate;
                    }
                }
            }
        }

        return null;
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
