using System.Globalization;
using System.Xml;
using Microsoft.CodeAnalysis;

namespace Madtp.Kit.Kernel.Language;

/// <summary>
/// Documentation comments from XML files, looked for in each in turn. A file is read to the member asked for, not kept.
/// </summary>
internal sealed class XmlDocumentation(params string[] files) : DocumentationProvider
{
    private static readonly string? FrameworkFolder = FindFrameworkFolder();

    private readonly string[] files = files;

    /// <summary>
    /// The documentation of a runtime assembly. The SDK keeps it by the names of the reference assemblies, so a member of
    /// System.Private.CoreLib is looked for in several files.
    /// </summary>
    public static XmlDocumentation? OfFramework(string assembly) => FrameworkFolder is null ? null
        : new([.. new[] { assembly, "System.Runtime", "System.Collections", "System.Linq", "System.Memory", "System.Threading",
            "System.Console" }
            .Distinct().Select(name => Path.Combine(FrameworkFolder, name + ".xml")).Where(File.Exists)]);

    public override bool Equals(object? obj) => obj is XmlDocumentation other && other.files.SequenceEqual(files);

    public override int GetHashCode() => files.Length == 0 ? 0 : StringComparer.Ordinal.GetHashCode(files[0]);

    protected override string GetDocumentationForSymbol(
        string documentationMemberID, CultureInfo preferredCulture, CancellationToken cancellationToken = default) =>
        files.Select(file => Member(file, documentationMemberID)).OfType<string>().FirstOrDefault() ?? "";

    private static string? Member(string file, string id)
    {
        try
        {
            using var reader = XmlReader.Create(file);
            while (reader.ReadToFollowing("member"))
            {
                if (reader.GetAttribute("name") == id)
                    return reader.ReadOuterXml();
            }
        }
        catch (Exception unreadable) when (unreadable is XmlException or IOException)
        {
            // Documentation is a courtesy: a broken file is as good as none.
        }

        return null;
    }

    // shared/Microsoft.NETCore.App/10.0.1/ has no documentation; packs/Microsoft.NETCore.App.Ref/10.0.*/ref/net10.0/ has.
    private static string? FindFrameworkFolder()
    {
        var root = Path.GetFullPath("../../..", Path.GetDirectoryName(typeof(object).Assembly.Location)!);
        var packs = Path.Combine(root, "packs", "Microsoft.NETCore.App.Ref");
        return !Directory.Exists(packs) ? null
            : Directory.EnumerateDirectories(packs, $"{Environment.Version.Major}.*").OrderDescending(StringComparer.Ordinal)
                .Select(version => Path.Combine(version, "ref", $"net{Environment.Version.Major}.0"))
                    .FirstOrDefault(Directory.Exists);
    }
}
