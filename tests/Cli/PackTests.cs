using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

/// <summary>What <c>./kit pack</c> makes.</summary>
[Collection(nameof(KitScriptTests))]
public sealed class PackTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Programs_and_numbers_are_two_streams_that_tar_reads_as_one_archive()
    {
        foreach (var (name, content) in new[]
        {
            ("kit", "a program"), ("bin/a.dll", new string('x', 5000)), ("data/weights", "numbers"), ("tests/golden/a", "more"),
        })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File("made/" + name))!);
            folder.Write("made/" + name, content);
        }

        Succeed("ln", folder.File("made/kit"), folder.File("made/same"));
        Succeed(
            "bash", "-euo", "pipefail", "-c", ". \"$1\"; compress \"$2\" made \"$2/made.tar.xz\"", "bash",
            KitPaths.InRepository("setup", "pack.sh"), folder.Path);
        Assert.Equal("2", Succeed("xz", "--robot", "--list", folder.File("made.tar.xz")).Split('\n')[1].Split('\t')[1]);
        Directory.CreateDirectory(folder.File("there"));
        Succeed("tar", "-C", folder.File("there"), "-xf", folder.File("made.tar.xz"));
        Succeed("diff", "-r", folder.File("made"), folder.File("there/made"));
        Assert.Equal("2", Succeed("stat", "-c", "%h", folder.File("there/made/same")).Trim());
    }

    [Fact]
    public void Data_for_the_FSharp_compiler_are_blanked_and_the_library_is_otherwise_the_same()
    {
        var library = Path.Combine(AppContext.BaseDirectory, "FSharp.Core.dll");
        File.Copy(library, folder.File("FSharp.Core.dll"));
        Run(KitPaths.InRepository("setup", "blank-resources.cs"), folder.Path);
        var (before, after) = (File.ReadAllBytes(library), File.ReadAllBytes(folder.File("FSharp.Core.dll")));
        Assert.Equal(before.Length, after.Length);
        var changed = before.Zip(after).Where(pair => pair.First != pair.Second).ToList();
        Assert.InRange(changed.Count, 300_000, 600_000);
        Assert.All(changed, pair => Assert.Equal(0, pair.Second));
    }

    [Fact]
    [Trait("speed", "slow")]
    public void The_archive_is_under_60_MB_and_works_without_dotnet()
    {
        var archive = KitPaths.InRepository("artifacts", "madtp-kit-linux-x64.tar.xz");
        var made = File.GetLastWriteTimeUtc(archive); // long ago where there is none
        Assert.SkipUnless(made > File.GetLastWriteTimeUtc(KitPaths.InRepository("setup", "pack.sh")), "./kit pack has not been run");
        Assert.InRange(new FileInfo(archive).Length, 0, 60_000_000);
        Succeed("tar", "-C", folder.Path, "-xf", archive);
        var kit = folder.File("madtp-kit");
        var debris = Directory.EnumerateFiles(kit, "*", SearchOption.AllDirectories).Select(Path.GetFileName)
            .Where(name => Path.GetExtension(name) == ".pdb" || name!.StartsWith("libtorch", StringComparison.Ordinal));
        Assert.Empty(debris);
        Assert.All(
            Directory.GetFiles(KitPaths.InRepository("data", "toy", "weights"), "*.safetensors"),
            weights => Assert.True(File.Exists(Path.Combine(kit, "data", "toy", "weights", Path.GetFileName(weights)))));

        // A PyTorch's folder, and a path that leads to no dotnet.
        Directory.CreateDirectory(folder.File("torch/lib"));
        var libtorch = Environment.GetEnvironmentVariable("KIT_LIBTORCH") is { Length: > 0 } other ? Path.Combine(other, "lib")
            : KitPaths.InRepository("artifacts", "bin", "Madtp.Kit", "release");
        foreach (var file in Directory.GetFiles(libtorch, "lib*.so*").Where(file => !file.Contains("Sharp")))
            File.CreateSymbolicLink(folder.File("torch/lib/" + Path.GetFileName(file)), file);

        var path = PathWithoutDotnet();
        string Kit(string line) => Succeed(
            "env", "-i", "PATH=" + path, "HOME=" + folder.Path, "KIT_LIBTORCH=" + folder.File("torch"),
            "bash", "-c", $"! command -v dotnet && cd '{kit}' && {line}");
        Assert.Contains("libtorch", Kit("./kit doctor"), StringComparison.Ordinal);
        Assert.Contains(" 0 differ", Kit("./kit verify tests/golden/vit_tiny-1*"), StringComparison.Ordinal);
        Assert.Contains("load-checkpoint", Kit("./kit bench"), StringComparison.Ordinal);
        Kit("./kit kernel");
        Assert.Contains("median", Kit("./kit bench kernel 1"), StringComparison.Ordinal);
    }

    // What `dotnet run --file` would build for ten seconds.
    private static void Run(string program, params string[] arguments)
    {
        const string usings = "global using System; global using System.IO; global using System.Linq;";
        var known = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var compilation = CSharpCompilation.Create(
            "program", new[] { File.ReadAllText(program), usings }.Select(text => CSharpSyntaxTree.ParseText(text)),
            known.Select(file => MetadataReference.CreateFromFile(file)));
        using var library = new MemoryStream();
        var built = compilation.Emit(library);
        Assert.True(built.Success, string.Join('\n', built.Diagnostics));
        Assembly.Load(library.ToArray()).EntryPoint!.Invoke(null, [arguments]);
    }

    private string PathWithoutDotnet()
    {
        var programs = Directory.CreateDirectory(folder.File("programs")).FullName;
        foreach (var name in new[]
        {
            "bash", "env", "dirname", "readlink", "sed", "head", "grep", "ls", "rm", "cat", "ldconfig", "python3", "mkdir", "ln",
        })
        {
            if (new[] { "/usr/bin", "/bin", "/sbin" }.Select(place => Path.Combine(place, name)).FirstOrDefault(File.Exists)
                is { } found)
            {
                File.CreateSymbolicLink(Path.Combine(programs, name), found);
            }
        }

        return programs;
    }

    private static string Succeed(params string[] command)
    {
        var (code, output, errors) = OtherProgram.Run(command);
        Assert.True(code == 0, $"{string.Join(' ', command)}: {code}\n{output}{errors}");
        return output;
    }
}
