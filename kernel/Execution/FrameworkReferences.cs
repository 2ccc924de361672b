using System.Reflection.PortableExecutable;
using Madtp.Kit.Kernel.Language;
using Microsoft.CodeAnalysis;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>
/// The runtime's assemblies as one session's compiler refers to them. Each session has its own: the compiler keeps on a reference
/// what it knows of the assembly, and two sessions at work would make it know one assembly as two.
/// </summary>
internal sealed class FrameworkReferences
{
    // What most cells need. The compiler keeps, for every cell, something for each assembly it was given, times the cells before:
    // all 170 assemblies would cost 300 MB by the 300th cell. The rest join when a cell turns out to need them.
    private static readonly string[] MostNeeded =
    [
        "System.Private.CoreLib", "System.Runtime", "System.Console", "System.Collections", "System.Linq",
            "System.Text.RegularExpressions",
        .. KernelAssemblies.Needs,
    ];

    private readonly Dictionary<string, PortableExecutableReference> references = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> usual = new(StringComparer.OrdinalIgnoreCase);

    public FrameworkReferences() => Include(MostNeeded);

    /// <summary>What every cell is given at first.</summary>
    public IEnumerable<MetadataReference> Usual => usual.Select(Reference);

    public IEnumerable<MetadataReference> All => Framework.Names.Select(Reference);

    /// <summary>
    /// Makes assemblies usual, with all they refer to, directly or not. Without those, the compiler would take an assembly that
    /// misses something in one cell and has it in the next for two, and every name in it for ambiguous.
    /// </summary>
    public void Include(IEnumerable<string> names)
    {
        var waiting = new Queue<string>(names.Where(Framework.Has));
        while (waiting.TryDequeue(out var name))
        {
            if (usual.Add(name))
                Needs(name).Where(Framework.Has).ToList().ForEach(waiting.Enqueue);
        }
    }

    private IEnumerable<string> Needs(string name)
    {
        var reader = ((AssemblyMetadata)Reference(name).GetMetadata()).GetModules()[0].GetMetadataReader();
        return reader.AssemblyReferences.Select(handle => reader.GetString(reader.GetAssemblyReference(handle).Name));
    }

    private PortableExecutableReference Reference(string name) =>
        references.TryGetValue(name, out var known) ? known
            : references[name] = Read(Framework.FileOf(name), XmlDocumentation.OfFramework(name));

    /// <summary>
    /// A reference to a file. Of the file only its metadata is kept: the runtime's carry compiled code of several times that
    /// size.
    /// </summary>
    public static PortableExecutableReference Read(string file, DocumentationProvider? documentation = null) =>
        AssemblyMetadata.Create(ModuleMetadata.CreateFromStream(File.OpenRead(file), PEStreamOptions.PrefetchMetadata))
            .GetReference(documentation, filePath: file);
}
