using System.Diagnostics;
using Madtp.Kit.Kernel.Install;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

/// <summary>Jupyter's own tests of kernels (jupyter_kernel_test), where they are installed.</summary>
[Collection(nameof(ConformanceTests))]
public class ConformanceTests(ITestOutputHelper output)
{
    [Fact]
    [Trait("speed", "slow")]
    public void The_kernel_passes_jupyters_tests_of_kernels()
    {
        var root = Directory.CreateTempSubdirectory("conformance-test-").FullName;
        try
        {
            KernelSpec.Write(KernelSpec.PrefixFolder(root));
            var (code, log) = Run(root);
            output.WriteLine(log);
            Assert.SkipWhen(log.Contains("No module named", StringComparison.Ordinal), "Python's jupyter_kernel_test is not installed (python3-jupyter-kernel-test)");
            Assert.True(code == 0, log);

            // The pager and the clearing of output belong to commands that C# cells do not have; all else ran.
            Assert.Matches(@"Ran 12 tests in [\d.]+s\s+OK \(skipped=2\)", log);
            Assert.DoesNotMatch(@"(?m)^(?!test_pager|test_clear_output).*skipped", log[..log.LastIndexOf("Ran ", StringComparison.Ordinal)]);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    // The Python that Jupyter's packages are for: Debian's, or a conda environment's.
    private static (int Code, string Log) Run(string root)
    {
        var conda = Environment.GetEnvironmentVariable("CONDA_PREFIX") is { Length: > 0 } prefix ? Path.Combine(prefix, "bin", "python3") : null;
        var python = conda is not null && File.Exists(conda) ? conda : File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        var start = new ProcessStartInfo(python, ["-B", KitPaths.InRepository("tests", "Kernel", "conformance.py")])
        {
            WorkingDirectory = root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["JUPYTER_PATH"] = KernelSpec.PrefixFolder(root);
        start.Environment["JUPYTER_RUNTIME_DIR"] = Path.Combine(root, "runtime");
        start.Environment["KERNEL"] = KernelSpec.Name;
        try
        {
            using var process = Process.Start(start)!;
            var shown = process.StandardOutput.ReadToEndAsync();
            var log = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, log + shown.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("python3 is not installed");
            throw;
        }
    }
}
