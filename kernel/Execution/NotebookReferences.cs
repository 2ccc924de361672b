using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>The assemblies cells can use: the runtime's, the kernel's display names, and what #r brought in.</summary>
internal sealed class NotebookReferences(NotebookLoadContext loader)
{
    private readonly FrameworkReferences framework = new();
    private readonly Dictionary<string,
        (AssemblyFile File, MetadataReference Reference)> added = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<(string Path, DateTime Written)> rebuilt = [];
    private readonly HashSet<string> outdated = [];
    private readonly ImmutableArray<MetadataReference> kernel = [
        .. KernelAssemblies.Files.Select(file => FrameworkReferences.Read(file))];

    /// <summary>What the compiler is given at first.</summary>
    public ImmutableArray<MetadataReference> Usual =>
        [.. framework.Usual, .. kernel, .. added.Values.Select(each => each.Reference)];

    /// <summary>Everything there is.</summary>
    public ImmutableArray<MetadataReference> All => [.. framework.All, .. kernel, .. added.Values.Select(each => each.Reference)];

    /// <summary>Makes the framework assemblies a compilation used part of <see cref="Usual"/>.</summary>
    public void Keep(IEnumerable<MetadataReference> used)
    {
        framework.Include(used.Select(each => Path.GetFileNameWithoutExtension(each.Display)).OfType<string>());
    }

    /// <summary>Honours <c>#r "target"</c>: a file, relative to a folder, or the name of a framework assembly.</summary>
    /// <returns>A warning, where there is one.</returns>
    /// <exception cref="CellException">There is no such assembly.</exception>
    public string? Add(CellStep.Reference step)
    {
        var path = Path.GetFullPath(step.Target, step.Folder);
        path = !File.Exists(path) && File.Exists(path + ".dll") ? path + ".dll" : path;
        if (File.Exists(path))
            return AddFile(path, step);

        var name = step.Target.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? step.Target[..^4] : step.Target;
        if (Framework.Has(name))
        {
            framework.Include([name]);
            return null;
        }

        throw new CellException(
            step.Path, step.Line,
            $"#r \"{step.Target}\": there is no such file (looked for {path}), and no assembly of the .NET runtime has "
                + "this name");
    }

    /// <summary>As <see cref="Add(CellStep.Reference)"/>, for a file that exists.</summary>
    public string? AddFile(string path, CellStep at)
    {
        var file = AssemblyFile.Read(path) ?? throw new CellException(at.Path, at.Line, $"{path} is not a .NET assembly");
        if (added.TryGetValue(file.Name, out var known))
            return known.File.Path == path ? null : InUse(known.File, path);

        Include(file);
        return null;
    }

    /// <summary>
    /// As <see cref="AddFile"/>, for an assembly of a package that has been resolved together with all those before. What two
    /// packages share may come in a later version than the first alone asked for, which takes its place unless code of it runs
    /// already.
    /// </summary>
    public string? AddPackageFile(string path, CellStep at)
    {
        var file = AssemblyFile.Read(path) ?? throw new CellException(at.Path, at.Line, $"{path} is not a .NET assembly");
        if (!added.TryGetValue(file.Name, out var known) || (known.File.Path != path && !loader.HasLoaded(file.Name)))
        {
            added.Remove(file.Name);
            Include(file);
            return null;
        }

        return known.File.Path == path || !outdated.Add(path) ? null : InUse(known.File, path);
    }

    private static string InUse(AssemblyFile file, string wanted) =>
        $"{file.Name} is in use from {file.Path}; restart the kernel to use {wanted}";

    /// <summary>What to say, once, of files that were written again since they were loaded.</summary>
    public IReadOnlyList<string> Rebuilt()
    {
        var changed = added.Values.Select(each => each.File)
            .Where(file => File.GetLastWriteTimeUtc(file.Path) is var written && written != file.Written
            && rebuilt.Add((file.Path, written))).ToList();
        return changed.Count == 0 ? []
            : [$"{string.Join(", ", changed.Select(file => Path.GetFileName(file.Path)))} changed since this kernel loaded it; "
                + $"restart the kernel to use the new one"];
    }

    /// <summary>Makes native files of a package loadable.</summary>
    public void AddNative(IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            loader.AddNative(path);
            loader.AddFolder(Path.GetDirectoryName(path)!);
        }
    }

    // The dependencies that stand beside the assembly, or in the package folder, can be used by cells as well.
    private void Include(AssemblyFile file)
    {
        var folder = Path.GetDirectoryName(file.Path)!;
        var (managed, native) = DependencyManifest.Read(file.Path);
        var packages = managed.GroupBy(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(each => each.Key, each => each.First(), StringComparer.OrdinalIgnoreCase);
        loader.AddFolder(folder);
        AddNative(native);

        var waiting = new Queue<AssemblyFile>([file]);
        while (waiting.TryDequeue(out var next))
        {
            if (Framework.Has(next.Name) || KernelAssemblies.Has(next.Name) || added.ContainsKey(next.Name))
                continue;

            added[next.Name] = (next,
                MetadataReference.CreateFromImage(next.Image, documentation: Documentation(next.Path), filePath: next.Path));
            loader.AddManaged(next.Name, ShadowCopy.Of(next.Path));
            framework.Include(next.Needs);
            foreach (var name in next.Needs.Where(name => !Framework.Has(name)))
            {
                if (Locate(name, folder, packages) is { } path && AssemblyFile.Read(path) is { } dependency)
                    waiting.Enqueue(dependency);
            }
        }
    }

    private static string? Locate(string name, string folder, Dictionary<string, string> packages)
    {
        var beside = Path.Combine(folder, name + ".dll");
        return File.Exists(beside) ? beside : packages.GetValueOrDefault(name);
    }

    private static DocumentationProvider? Documentation(string path)
    {
        var file = Path.ChangeExtension(path, ".xml");
        return File.Exists(file) ? new Language.XmlDocumentation(file) : null;
    }
}
