using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>What a file on disk says of the assembly in it.</summary>
/// <param name="Path">The file.</param>
/// <param name="Name">Its simple name.</param>
/// <param name="Needs">The simple names of the assemblies it refers to.</param>
/// <param name="Image">Its bytes: read once, so that a rebuild of the file cannot pull them away from under the compiler.</param>
/// <param name="Written">When the file was last written.</param>
internal sealed record AssemblyFile(
    string Path, string Name, IReadOnlyList<string> Needs, ImmutableArray<byte> Image, DateTime Written)
{
    /// <summary>The names of the native libraries that an assembly calls.</summary>
    public static IReadOnlyList<string> Calls(string path)
    {
        using var reader = new PEReader(File.OpenRead(path));
        var metadata = reader.GetMetadataReader();
        return [.. Enumerable.Range(1, metadata.GetTableRowCount(TableIndex.ModuleRef))
            .Select(row => metadata.GetString(metadata.GetModuleReference(MetadataTokens.ModuleReferenceHandle(row)).Name))];
    }

    /// <returns>Null when the file holds no managed assembly.</returns>
    public static AssemblyFile? Read(string path)
    {
        var image = ImmutableArray.Create(File.ReadAllBytes(path));
        try
        {
            using var reader = new PEReader(image);
            if (!reader.HasMetadata)
                return null;

            var metadata = reader.GetMetadataReader();
            if (!metadata.IsAssembly)
                return null;

            var needs = metadata.AssemblyReferences.Select(
                handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name));
            return new AssemblyFile(
                path, metadata.GetString(metadata.GetAssemblyDefinition().Name), [.. needs], image,
                File.GetLastWriteTimeUtc(path));
        }
        catch (BadImageFormatException)
        {
            return null;
        }
    }
}
