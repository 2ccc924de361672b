using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Install;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

public class KernelSpecTests
{
    [Fact]
    public void The_kernel_is_registered_under_the_name_notebooks_ask_for()
    {
        var root = Directory.CreateTempSubdirectory("kernelspec-test-").FullName;
        try
        {
            var (folder, replaced) = KernelSpec.Write(KernelSpec.PrefixFolder(root));
            Assert.Equal(Path.Combine(root, "share", "jupyter", "kernels", ".net-csharp"), folder);
            Assert.Null(replaced);
            var spec = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "kernel.json")))!;
            Assert.Equal(("C#", ".NET (C#)", "message"), ((string?)spec["language"], (string?)spec["display_name"], (string?)spec["interrupt_mode"]));
            Assert.True(File.Exists((string?)spec["argv"]![0]), "the dotnet program does not exist");
            Assert.Equal("{connection_file}", (string?)spec["argv"]![2]);
            Assert.Equal(["kernel.json"], Directory.GetFiles(folder).Select(Path.GetFileName));

            Assert.Null(KernelSpec.Write(KernelSpec.PrefixFolder(root)).Replaced);
            File.WriteAllText(Path.Combine(folder, "kernel.json"), """{"argv": ["dotnet", "interactive", "jupyter"]}""");
            Assert.Equal("dotnet interactive jupyter", KernelSpec.Write(KernelSpec.PrefixFolder(root)).Replaced);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void Variables_given_at_installation_are_in_the_kernels_environment()
    {
        var root = Directory.CreateTempSubdirectory("kernelspec-test-").FullName;
        try
        {
            var wanted = Installation.Parse(["--prefix", root, "--env", "LD_LIBRARY_PATH=/a:/b", "--env", "EMPTY="])!;
            Assert.Equal(0, wanted.Write(TextWriter.Null));
            var spec = JsonNode.Parse(File.ReadAllText(Path.Combine(wanted.DataFolder, "kernels", ".net-csharp", "kernel.json")))!;
            Assert.Equal(("1", "/a:/b", ""), ((string?)spec["env"]!["DOTNET_NOLOGO"], (string?)spec["env"]!["LD_LIBRARY_PATH"], (string?)spec["env"]!["EMPTY"]));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Theory]
    [InlineData("--prefix")]
    [InlineData("--prefix", "")]
    [InlineData("--env", "NAME")]
    [InlineData("--env", "=value")]
    [InlineData("--env")]
    [InlineData("elsewhere")]
    public void Options_that_say_nothing_are_not_guessed_at(params string[] options) => Assert.Null(Installation.Parse(options));
}
