using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

[Collection(KernelCollection.Name)]
public class ReferenceTests(SharedKernel kernel)
{
    [Fact]
    public void An_assembly_is_found_beside_the_notebook_and_its_own_dependencies_beside_it()
    {
        var folder = Directory.CreateDirectory(Path.Combine(kernel.Process.Folder, "lib")).FullName;
        var inner = Build(folder, "Inner", "namespace Inner; public static class InnerPart { public static int Value => 7; }");
        Build(folder, "Outer", "namespace Outer; /// <summary>The outside.</summary>\npublic static class Shell { public static int DoubledInnerPart => 2 * Inner.InnerPart.Value; }", inner);
        kernel.Client.Succeed("#r \"lib/Outer.dll\"");
        Assert.Equal("14", kernel.Client.Succeed("Outer.Shell.DoubledInnerPart").Text);
        Assert.Equal("7", kernel.Client.Succeed("using Inner;\nInnerPart.Value").Text);
        Assert.Equal("14", kernel.Client.Succeed("using static Outer.Shell;\nDoubledInnerPart").Text);
        Assert.Equal("14", kernel.Client.Succeed("#r \"lib/Outer\"\nDoubledInnerPart").Text);
    }

    [Fact]
    public void A_native_library_is_found_beside_the_assembly_and_in_its_runtimes_folder()
    {
        kernel.Client.Succeed("1"); // the client that asks has libzmq loaded
        var loaded = File.ReadLines("/proc/self/maps").Select(line => line.Split(' ')[^1]).First(path => path.Contains("libzmq", StringComparison.Ordinal));
        var folder = Directory.CreateDirectory(Path.Combine(kernel.Process.Folder, "native-lib")).FullName;
        var runtimes = Directory.CreateDirectory(Path.Combine(folder, "runtimes", Kit.Kernel.Execution.NativeFiles.PortableIdentifier, "native")).FullName;
        File.Copy(loaded, Path.Combine(folder, "libbeside.so"));
        File.Copy(loaded, Path.Combine(runtimes, "libpackaged.so"));
        Build(folder, "Caller", """
            using System.Runtime.InteropServices;
            public static class Caller
            {
                [DllImport("beside", EntryPoint = "zmq_errno")] public static extern int Beside();
                [DllImport("packaged", EntryPoint = "zmq_errno")] public static extern int Packaged();
            }
            """);
        Assert.Equal("True", kernel.Client.Succeed("#r \"native-lib/Caller.dll\"\nCaller.Beside() >= 0 && Caller.Packaged() >= 0").Text);
    }

    [Fact]
    public void A_library_built_again_is_told_of_rather_than_silently_old()
    {
        Build(kernel.Process.Folder, "Changing", "public static class Changing { public const int Version = 1; public static int Now() => 1; }");
        Assert.Equal("1", kernel.Client.Succeed("#r \"Changing.dll\"\nChanging.Now()").Text);
        Build(kernel.Process.Folder, "Changing", "public static class Changing { public const int Version = 2; public static int Now() => 2; }");
        var again = kernel.Client.Succeed("#r \"Changing.dll\"\nChanging.Now()");
        Assert.Equal("1", again.Text);
        Assert.Contains("restart the kernel", again.Stderr);
    }

    [Fact]
    public void A_build_that_writes_over_a_loaded_library_does_no_harm()
    {
        var folder = Directory.CreateDirectory(Path.Combine(kernel.Process.Folder, "artifacts", "bin")).FullName;
        Build(folder, "Overwritten", "public static class Overwritten { public static int Early() => 1; public static string Late() => typeof(Overwritten).Assembly.Location; }");
        Assert.Equal("1", kernel.Client.Succeed("#r \"artifacts/bin/Overwritten.dll\"\nOverwritten.Early()").Text);
        using (var file = new FileStream(Path.Combine(folder, "Overwritten.dll"), FileMode.Open))
            file.SetLength(0);

        var late = kernel.Client.Succeed("Overwritten.Late()");
        Assert.Equal(Path.Combine(kernel.Process.Folder, "artifacts", "kernel", kernel.Process.Id.ToString(), "Overwritten.dll"), late.Text);
        Assert.Contains("Overwritten.dll changed since this kernel loaded it; restart the kernel", late.Stderr);
        Assert.Equal("", kernel.Client.Succeed("1").Stderr);
    }

    [Fact]
    public void Extension_methods_of_a_referenced_library_stay_unambiguous_in_later_cells()
    {
        Build(kernel.Process.Folder, "Extending", "namespace Extending; public static class Extensions { public static int Doubled(this int x) => 2 * x; }");
        kernel.Client.Succeed("#r \"Extending.dll\"\nusing Extending;");
        kernel.Client.Succeed("using System.Threading;\nusing System.Collections.Immutable;\nImmutableArray.Create(1).Length");
        Assert.Equal("8", kernel.Client.Succeed("4.Doubled()").Text);
        Assert.Equal("12", kernel.Client.Succeed("System.Xml.Linq.XElement.Parse(\"<a/>\"); 6.Doubled()").Text);
    }

    [Fact]
    public void A_file_that_is_no_assembly_is_named()
    {
        File.WriteAllText(Path.Combine(kernel.Process.Folder, "text.dll"), "not an assembly");
        Assert.Contains("is not a .NET assembly", kernel.Client.Run("#r \"text.dll\"").ErrorMessage);
    }

    [Fact]
    public void Framework_assemblies_can_be_named() => Assert.Equal("2", kernel.Client.Succeed("#r \"System.Net.Http\"\n#r \"System.Xml.dll\"\n1 + 1").Text);

    [Fact]
    public void A_source_file_can_be_loaded_and_loads_others_from_its_own_folder()
    {
        var folder = Directory.CreateDirectory(Path.Combine(kernel.Process.Folder, "code")).FullName;
        File.WriteAllText(Path.Combine(folder, "first.cs"), "#load \"second.cs\"\nint FromFirst() => 1 + FromSecond();");
        File.WriteAllText(Path.Combine(folder, "second.cs"), "int FromSecond() => 10;");
        Assert.Equal("11", kernel.Client.Succeed("#load \"code/first.cs\"\nFromFirst()").Text);
        Assert.Equal("22", kernel.Client.Succeed("var before = 11;\n#!import code/second.cs\nbefore + FromSecond() + 1").Text);
    }

    [Fact]
    public void A_notebook_can_be_imported()
    {
        File.WriteAllText(Path.Combine(kernel.Process.Folder, "other.ipynb"), """
            {"cells": [{"cell_type": "markdown", "source": ["not C#"]}, {"cell_type": "code", "source": ["var imported = 3;\n", "imported++;"]}, {"cell_type": "code", "source": "imported *= 10;"}]}
            """);
        Assert.Equal("40", kernel.Client.Succeed("#!import \"other.ipynb\"\nimported").Text);
    }

    [Fact]
    public void An_error_in_a_loaded_file_names_the_file_and_a_file_that_loads_itself_is_refused()
    {
        File.WriteAllText(Path.Combine(kernel.Process.Folder, "faulty.cs"), "\n\nint oops = missing;");
        Assert.Contains("faulty.cs, line 3, column 12: error CS0103", kernel.Client.Run("#load \"faulty.cs\"").Trace);
        File.WriteAllText(Path.Combine(kernel.Process.Folder, "round.cs"), "#load \"round.cs\"");
        Assert.Contains("loads itself", kernel.Client.Run("#load \"round.cs\"").ErrorMessage);
    }

    [Fact]
    public void Text_that_only_looks_like_a_directive_is_left_alone() =>
        Assert.Equal("#r \"x\"|#!import y", kernel.Client.Succeed("string.Join('|', \"\"\"\n#r \"x\"\n#!import y\n\"\"\".Split('\\n'))").Text);

    [Fact]
    public void Lines_keep_their_numbers_around_directives()
    {
        var result = kernel.Client.Run("#r \"System.Xml\"\nvar lined = 1;\n#!csharp\n\nthrow new Exception();");
        Assert.Contains($"cell {result.Count}, line 5", result.Trace);
    }

    [Fact]
    [Trait("speed", "slow")]
    public void A_package_is_restored_by_the_sdk_and_one_that_cannot_be_had_is_explained()
    {
        Assert.Equal("3", kernel.Client.Succeed("#r \"nuget: CsvHelper, 33.0.1\"\nusing CsvHelper;\ntypeof(CsvReader).Assembly.GetName().Version.Major / 11").Text);
        var absent = kernel.Client.Run("#r \"nuget: CsvHelper, 999.0.0\"");
        Assert.Equal("DirectiveError", absent.ErrorName);
        Assert.Contains("CsvHelper", absent.ErrorMessage);
        Assert.Contains("cannot be honoured here: NU", absent.ErrorMessage);
    }

    private static MetadataReference Build(string folder, string name, string code, params MetadataReference[] references)
    {
        var path = Path.Combine(folder, name + ".dll");
        var framework = new[] { typeof(object), typeof(Console) }.Select(type => MetadataReference.CreateFromFile(type.Assembly.Location));
        var compilation = CSharpCompilation.Create(name, [CSharpSyntaxTree.ParseText(code, encoding: Encoding.UTF8)], [.. framework, .. references], new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        File.Delete(path);
        var emitted = compilation.Emit(path);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
        return MetadataReference.CreateFromFile(path);
    }
}
