using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>
/// Honours <c>#r "nuget: Name, version"</c> by the SDK: a throw-away project refers to the packages, <c>dotnet</c> restores it
/// and tells their files. What cannot be had is said in NuGet's own words.
/// </summary>
internal sealed partial class PackageRestore
{
    private readonly Dictionary<string, string> wanted = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> sources = [];

    public static bool IsPackage(string target) => target.StartsWith("nuget:", StringComparison.OrdinalIgnoreCase);

    /// <summary>A further place to look for packages (<c>#i "nuget: …"</c>).</summary>
    public void AddSource(string target) => sources.Add(IsPackage(target) ? target["nuget:".Length..].Trim() : target);

    /// <returns>Warnings, where there are any.</returns>
    /// <exception cref="CellException">The package cannot be had.</exception>
    public IReadOnlyList<string> Add(CellStep.Reference step, NotebookReferences references, CancellationToken cancellation)
    {
        var package = Package().Match(step.Target);
        if (!package.Success)
        {
            throw new CellException(
                step.Path, step.Line, $"#r \"{step.Target}\" is not understood: write #r \"nuget: Name, version\"");
        }

        var (name, version) =
            (package.Groups["name"].Value, package.Groups["version"].Success ? package.Groups["version"].Value : "*");
        if (wanted.TryGetValue(name, out var before) && (before == version || version == "*"))
            return [];

        var files = Restore(
            new Dictionary<string, string>(wanted, StringComparer.OrdinalIgnoreCase) { [name] = version }, step, cancellation);
        wanted[name] = version;
        references.AddNative(files.Native);
        return [.. files.Managed.Select(file => references.AddPackageFile(file, step)).OfType<string>()];
    }

    private (List<string> Managed, List<string> Native) Restore(
        Dictionary<string, string> packages, CellStep.Reference step, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("kernel-packages-");
        try
        {
            var project = Path.Combine(folder.FullName, "packages.csproj");
            File.WriteAllText(project, Project(packages));
            var output = Dotnet(project, cancellation);
            return output.Code == 0
                ? (Items(output.Text, "RuntimeCopyLocalItems"), Items(output.Text, "NativeCopyLocalItems"))
                : throw new CellException(
                    step.Path, step.Line,
                    $"#r \"{step.Target}\" cannot be honoured here: {Reason(output.Text + output.Warnings)}. If the package's "
                        + $"file is on this machine, refer to it by its path: #r \"…/Name.dll\"");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private string Project(Dictionary<string, string> packages)
    {
        var references = string.Concat(
            packages.Select(each => $"<PackageReference Include=\"{Encode(each.Key)}\" Version=\"{Encode(each.Value)}\" />"));
        return $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net{Environment.Version.Major}.0</TargetFramework>
                <RuntimeIdentifier>{NativeFiles.PortableIdentifier}</RuntimeIdentifier>
                <SelfContained>false</SelfContained>
                <ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally>
                <RestoreAdditionalProjectSources>{Encode(string.Join(';', sources))}</RestoreAdditionalProjectSources>
              </PropertyGroup>
              <ItemGroup>{references}</ItemGroup>
            </Project>
            """;
    }

    // What is said on the two channels is kept apart: warnings on the second one come in between wherever they like.
    private static (int Code, string Text, string Warnings) Dotnet(string project, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(
            DotnetHost.Path, ["msbuild", project, "-nologo", "-restore", "-t:ResolvePackageAssets",
            "-getItem:RuntimeCopyLocalItems", "-getItem:NativeCopyLocalItems"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Path.GetDirectoryName(project)!,
        };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var kill = cancellation.Register(() => process.Kill(entireProcessTree: true));
        var warnings = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        return (process.ExitCode, text, warnings.Result);
    }

    // Warnings may stand before the answer, which begins with a brace alone on its line.
    private static List<string> Items(string output, string name)
    {
        var json = string.Join('\n', output.Split('\n').SkipWhile(line => line.Trim() != "{"));
        try
        {
            return JsonNode.Parse(json)?["Items"]?[name] is JsonArray items
                ? [.. items.Select(item => (string?)item?["FullPath"]).OfType<string>().Where(File.Exists)]
                : [];
        }
        catch (JsonException)
        {
            throw new InvalidDataException($"`dotnet msbuild` answered something else than JSON: {output.Trim()}");
        }
    }

    private static string Reason(string output)
    {
        var errors = output.Split('\n').Select(line => ErrorLine().Match(line)).Where(match => match.Success)
            .Select(match => match.Groups["text"].Value.Trim()).Distinct().ToList();
        return errors.Count > 0 ? string.Join("; ", errors).TrimEnd('.') : output.Trim();
    }

    private static string Encode(string text) => System.Security.SecurityElement.Escape(text);

    [GeneratedRegex(
        """^nuget:\s*(?<name>[\w.\-]+)\s*(,\s*(?<version>[\w.\-+*\[\](), ]+?))?\s*$""",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Package();

    [GeneratedRegex("""error (?<text>[A-Z]+\d+:.*?)(\[.*\])?\s*$""", RegexOptions.ExplicitCapture)]
    private static partial Regex ErrorLine();
}
