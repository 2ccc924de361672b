using System.Diagnostics;
using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Install;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

[Collection(nameof(NbconvertTests))]
public class NbconvertTests
{
    [Fact]
    [Trait("speed", "slow")]
    public void A_notebook_runs_under_nbconvert()
    {
        var root = Directory.CreateTempSubdirectory("nbconvert-test-").FullName;
        try
        {
            KernelSpec.Write(KernelSpec.PrefixFolder(root));
            File.WriteAllText(Path.Combine(root, "given.ipynb"), Notebook("var x = 20;", "Console.WriteLine(\"printed\");\nx + 1", "display(HTML(\"<b>bold</b>\"));").ToJsonString());
            var log = Nbconvert(root, "--to", "notebook", "--execute", "given.ipynb", "--output", "done.ipynb");
            Assert.True(File.Exists(Path.Combine(root, "done.ipynb")), log);
            var done = JsonNode.Parse(File.ReadAllText(Path.Combine(root, "done.ipynb")))!.ToJsonString();
            Assert.Contains("printed", done);
            Assert.Contains("\"21\"", done);
            Assert.Contains("bold", done);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    [Trait("speed", "slow")]
    public void A_failing_cell_fails_nbconvert_with_its_error()
    {
        var root = Directory.CreateTempSubdirectory("nbconvert-test-").FullName;
        try
        {
            KernelSpec.Write(KernelSpec.PrefixFolder(root));
            File.WriteAllText(Path.Combine(root, "given.ipynb"), Notebook("1 + 1", "throw new InvalidOperationException(\"on purpose\");").ToJsonString());
            Assert.Contains("on purpose", Nbconvert(root, "--to", "notebook", "--execute", "given.ipynb", "--output", "done.ipynb"));
            Assert.False(File.Exists(Path.Combine(root, "done.ipynb")));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static string Nbconvert(string root, params string[] arguments)
    {
        var start = new ProcessStartInfo("jupyter", ["nbconvert", .. arguments]) { WorkingDirectory = root, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["JUPYTER_PATH"] = KernelSpec.PrefixFolder(root);
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.SkipWhen(error.Contains("`jupyter-nbconvert` not found", StringComparison.Ordinal), "jupyter-nbconvert is not installed");
            return output.Result + error;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("jupyter is not installed");
            throw;
        }
    }

    private static JsonObject Notebook(params string[] cells) => new()
    {
        ["nbformat"] = 4,
        ["nbformat_minor"] = 5,
        ["metadata"] = new JsonObject
        {
            ["kernelspec"] = new JsonObject { ["name"] = ".net-csharp", ["display_name"] = ".NET (C#)", ["language"] = "C#" },
            ["language_info"] = new JsonObject { ["name"] = "C#" },
        },
        ["cells"] = new JsonArray([.. cells.Select((code, i) => new JsonObject { ["cell_type"] = "code", ["id"] = $"cell-{i}", ["metadata"] = new JsonObject(), ["outputs"] = new JsonArray(), ["execution_count"] = null, ["source"] = code })]),
    };
}
