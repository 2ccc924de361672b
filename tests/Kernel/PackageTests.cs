using Xunit;

namespace Madtp.Kit.Tests.Kernel;

/// <summary>Packages in cells, by <c>#r "nuget: …"</c>, with the natives that come with them.</summary>
[Collection(nameof(PackageTests))]
public class PackageTests
{
    private const string Torch = "#r \"nuget: TorchSharp-cpu, 0.107.0\"\nusing TorchSharp;";

    [Fact]
    [Trait("speed", "slow")]
    public void What_two_packages_share_takes_the_later_version_until_it_runs()
    {
        using var kernel = Started();
        Assert.Equal("", kernel.Client.Succeed("#r \"nuget: FsCheck, 3.6.0\"").Stderr);
        Assert.Equal("", kernel.Client.Succeed("#r \"nuget: Plotly.NET, 6.0.0\"").Stderr);
        Assert.Equal("10", kernel.Client.Succeed("typeof(Microsoft.FSharp.Core.Unit).Assembly.GetName().Version.Major").Text);
        Assert.Equal("Plotly.NET.Color", kernel.Client.Succeed("Plotly.NET.Color.fromHex(\"#ff0000\").ToString()").Text);
    }

    [Fact]
    [Trait("speed", "slow")]
    public void What_runs_already_stays_and_that_is_said_once()
    {
        using var kernel = Started();
        Assert.Equal("100", kernel.Client.Succeed("#r \"nuget: FsCheck, 3.6.0\"\nFsCheck.Config.Quick.MaxTest").Text);
        var said = kernel.Client.Succeed("#r \"nuget: Plotly.NET, 6.0.0\"").Stderr;
        Assert.Matches("^FSharp.Core is in use from .*fsharp.core/5.* restart the kernel to use .*fsharp.core/10", said);
        Assert.Equal("", kernel.Client.Succeed("#r \"nuget: Plotly.NET.CSharp, 0.14.0\"").Stderr);
    }

    [Fact]
    [Trait("speed", "slow")]
    public void TorchSharp_runs_on_the_libtorch_that_came_with_it_whatever_the_system_has()
    {
        using var kernel = Started();
        var first = kernel.Client.Run($"{Torch}\ntorch.arange(6).reshape(2, 3)");
        if (first.Status == "error")
        {
            // Without a libstdc++ that is new enough there is one sentence, and the kernel goes on.
            Assert.Matches("^libLibTorchSharp.so cannot be loaded, because this system's libstdc.* is too old [^\n]*$", first.ErrorMessage);
            Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
            Assert.Skip(first.ErrorMessage);
        }

        Assert.Equal("Tensor [2, 3] Int64 on cpu\n[[0 1 2]\n [3 4 5]]", first.Text);
        var mapped = kernel.Client.Succeed("""
            string.Join("\n", System.IO.File.ReadLines("/proc/self/maps").Select(line => line.Split(' ')[^1]).Where(path => path.Contains("/libtorch") || path.Contains("/libc10")).Distinct())
            """).Text!.Split('\n');
        Assert.Contains(mapped, path => path.EndsWith("libtorch_cpu.so", StringComparison.Ordinal));
        Assert.All(mapped, path => Assert.Contains("libtorch-cpu-linux-x64/2.10.0", path));
    }

    [Fact]
    [Trait("speed", "slow")]
    public void TorchSharp_on_a_system_too_old_for_it_is_explained_in_one_sentence()
    {
        // As if nothing had been added to the system's libstdc++.
        using var kernel = new KernelProcess(environment: new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = "" });
        kernel.Client.WaitUntilReady();
        var result = kernel.Client.Run($"{Torch}\ntorch.arange(6).sum()");
        Assert.SkipWhen(result.Status == "ok", "this system's libstdc++ is new enough");
        Assert.Equal("System.DllNotFoundException", result.ErrorName);
        Assert.Matches("^libLibTorchSharp.so cannot be loaded, because this system's libstdc.* is too old [^\n]*$", result.ErrorMessage);
        Assert.Equal("", result.Stdout);
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
    }

    [Fact]
    [Trait("speed", "slow")]
    public void Skias_bitmaps_and_images_are_shown_as_png()
    {
        using var kernel = Started();
        kernel.Client.Succeed("#r \"nuget: SkiaSharp, 4.155.0\"\n#r \"nuget: SkiaSharp.NativeAssets.Linux.NoDependencies, 4.155.0\"\nusing SkiaSharp;");
        foreach (var image in new[] { "bitmap", "SKImage.FromBitmap(bitmap)" })
        {
            var shown = kernel.Client.Succeed($"var bitmap = new SKBitmap(3, 2); bitmap.Erase(SKColors.Red); {image}").Result!;
            Assert.Equal(["image/png", "text/plain"], shown.Select(each => each.Key).Order());
            Assert.Equal("image, 3 × 2", (string?)shown["text/plain"]);
            var png = Convert.FromBase64String((string)shown["image/png"]!);
            Assert.Equal([0, 0, 0, 3, 0, 0, 0, 2], png[16..24]);
        }
    }

    private static KernelProcess Started()
    {
        var kernel = new KernelProcess();
        kernel.Client.WaitUntilReady();
        return kernel;
    }
}
