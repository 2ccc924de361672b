namespace Madtp.Kit.Kernel.Execution;

/// <summary>The program that runs .NET programs, by its whole path: a front end may not have it on its own.</summary>
internal static class DotnetHost
{
    private static readonly string Runtime = System.IO.Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    public static string Path { get; } = Find();

    /// <summary>
    /// What starts a program of this folder: the host and its assembly, or itself alone where it brings its own .NET.
    /// </summary>
    /// <param name="name">The program's name, without an ending.</param>
    public static string[] Starting(string name)
    {
        var program = System.IO.Path.Combine(AppContext.BaseDirectory, name);
        return Runtime == System.IO.Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory) ? [program]
            : [Path, program + ".dll"];
    }

    private static string Find()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";

        // The runtime lies in shared/Microsoft.NETCore.App/VERSION below the host.
        var beside = System.IO.Path.GetFullPath(System.IO.Path.Combine("..", "..", "..", name), Runtime);
        return File.Exists(beside) ? beside : name;
    }
}
