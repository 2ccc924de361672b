// dotnet run --file setup/blank-resources.cs -- FOLDER: in the libraries of a folder, fills what only the F# compiler reads
// with zeros, which take no room in an archive. Deflated already, it would keep its size: 0.8 MB of FSharp.Core and Plotly.NET.
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

foreach (var file in Directory.GetFiles(args[0], "*.dll"))
{
    var bytes = File.ReadAllBytes(file);
    using var library = new PEReader(new MemoryStream(bytes));
    if (!library.HasMetadata)
        continue;

    var (metadata, header) = (library.GetMetadataReader(), library.PEHeaders.CorHeader!.ResourcesDirectory);
    var blanked = false;
    foreach (var resource in metadata.ManifestResources.Select(metadata.GetManifestResource))
    {
        var name = metadata.GetString(resource.Name);
        if (!resource.Implementation.IsNil || !(name.StartsWith("FSharpSignature", StringComparison.Ordinal)
            || name.StartsWith("FSharpOptimization", StringComparison.Ordinal)))
        {
            continue;
        }

        // Each begins with its length.
        library.PEHeaders.TryGetDirectoryOffset(header, out var start);
        start += (int)resource.Offset;
        bytes.AsSpan(start + sizeof(int), BitConverter.ToInt32(bytes, start)).Clear();
        blanked = true;
    }

    if (blanked)
    {
        // Not in place: NuGet's own file may be the same one.
        File.Delete(file);
        File.WriteAllBytes(file, bytes);
    }
}
