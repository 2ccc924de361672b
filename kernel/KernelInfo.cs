using System.Reflection;
using System.Text.Json.Nodes;

namespace Madtp.Kit.Kernel;

/// <summary>What the kernel says of itself.</summary>
internal static class KernelInfo
{
    public const string Name = "Madtp.Kit.Kernel";

    public static string Version { get; } = typeof(
        KernelInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? "1.0.0";

    public static JsonObject Reply() => new()
    {
        ["status"] = "ok",
        ["protocol_version"] = "5.3",
        ["implementation"] = Name,
        ["implementation_version"] = Version,
        ["banner"] = $"Madtp.Kit C# kernel {Version} on .NET {Environment.Version}",
        ["debugger"] = false,
        ["help_links"] = new JsonArray(),
        ["language_info"] = new JsonObject
        {
            ["name"] = "C#",
            ["version"] = "14.0",
            ["mimetype"] = "text/x-csharp",
            ["file_extension"] = ".cs",
            ["pygments_lexer"] = "csharp",
            ["codemirror_mode"] = "text/x-csharp",
        },
    };
}
