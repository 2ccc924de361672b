namespace Madtp.Kit.Kernel.Execution;

/// <summary>The program that runs .NET programs, by its whole path: a front end may not have it on its own.</summary>
internal static class DotnetHost
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";

        // The runtime lies in shared/Microsoft.NETCore.App/VERSION below the host.
        var beside = System.IO.Path.GetFullPath(System.IO.Path.Combine("..", "..", "..", name), System.IO.Path.GetDirectoryName(typeof(object).Assembly.Location)!);
        return File.Exists(beside) ? beside : name;
    }
}
