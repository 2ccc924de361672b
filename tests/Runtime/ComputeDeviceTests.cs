using Madtp.Kit.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Runtime;

public class ComputeDeviceTests
{
    [Theory]
    [InlineData("gpu")]
    [InlineData("")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:x")]
    public void AnUnknownNameIsRefusedWithTheNamesThereAre(string name) =>
        Assert.Contains(ComputeDevice.Names, Assert.Throws<ArgumentException>(() => ComputeDevice.Of(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void AutoIsAGpuOnlyWhereOneAnswers()
    {
        var gpu = NativeLibraries.HasCuda && cuda.is_available();
        Assert.Equal(gpu ? TorchSharp.DeviceType.CUDA : TorchSharp.DeviceType.CPU, ComputeDevice.Of(ComputeDevice.Auto).type);
        Assert.Equal(TorchSharp.DeviceType.CPU, ComputeDevice.Of("cpu").type);
        if (!gpu)
            Assert.Contains("--device cpu", Assert.Throws<ArgumentException>(() => ComputeDevice.Of("cuda")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BFloat16IsPreferredWhereTheKernelSeesItsInstructions()
    {
        var flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) ?? "";
        var has = flags.Split(' ').Any(flag => flag is "avx512_bf16" or "amx_bf16");
        Assert.Equal(has, ComputeDevice.PrefersBfloat16(CPU));
    }

    [Fact]
    public void TheLibtorchThatRunsIsTheChosenOne()
    {
        using var one = ones(1);
        var loaded = File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..])
            .Where(file => file.EndsWith("libtorch_cpu.so", StringComparison.Ordinal)).Distinct();
        Assert.Equal([Path.GetFullPath(Path.Combine(NativeLibraries.Folder, "libtorch_cpu.so"))], loaded);
        Assert.Null(NativeLibraries.Failure);
    }

    [Fact]
    public void AnOldLibstdcxxIsSaidInASentence()
    {
        var sentence = NativeLibraries.Sentence("/lib/x.so", "libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /lib/x.so)");
        Assert.Contains("./kit setup", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', NativeLibraries.Sentence("/lib/x.so", "no such file\nat frame"));
    }
}
