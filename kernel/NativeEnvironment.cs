using System.Runtime.InteropServices;

namespace Madtp.Kit.Kernel;

/// <summary>The environment native libraries see, which is not the one .NET keeps.</summary>
internal static partial class NativeEnvironment
{
    /// <summary>Sets a variable that the user did not set.</summary>
    public static void SetDefault(string name, string value)
    {
        if (OperatingSystem.IsWindows() || Environment.GetEnvironmentVariable(name) is not null)
            return;

        _ = SetVariable(name, value, 0);
        Environment.SetEnvironmentVariable(name, value);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
