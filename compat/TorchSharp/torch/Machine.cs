using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>The version of the libtorch in use.</summary>
    public static string __version__ => Marshal.PtrToStringUTF8(Kit.Version())!;

    public static int get_num_threads() => Kit.Threads();

    public static void set_num_threads(int num) => Kit.Check(Kit.SetThreads(num));

    public static class cuda
    {
        public static bool is_available() => device_count() > 0;

        public static int device_count() => Kit.CudaCount();

        public static void synchronize(Device? device = null) => Kit.Check(Kit.CudaSynchronize(device?.index ?? -1));
    }
}
