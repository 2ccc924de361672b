using System.Diagnostics;
using Madtp.Kit.Kernel.Execution;
using Xunit;

namespace Madtp.Kit.Tests;

/// <summary>Some seconds of the fuzz, always the same inputs as far as it gets.</summary>
[Trait("speed", "slow")]
[Collection(nameof(FuzzTests))]
public class FuzzTests
{
    [Fact]
    public void Whatever_is_damaged_is_read_or_refused_in_a_sentence()
    {
        var program = KitPaths.InRepository("artifacts", "bin", "Benchmarks", "release", "Madtp.Kit.Benchmarks.dll");
        using var fuzz = Process.Start(new ProcessStartInfo(DotnetHost.Path, [program, "fuzz", "--minutes", "0.1", "--seed", "1"])
        {
            RedirectStandardOutput = true,
        })!;
        var said = fuzz.StandardOutput.ReadToEnd();
        fuzz.WaitForExit();
        Assert.True(fuzz.ExitCode == 0, said);
    }

    [Theory]
    [InlineData("--minutes 'abc': give a number above 0, up to 100000", "--minutes", "abc")]
    [InlineData("--minutes 'NaN': give a number above 0, up to 100000", "--minutes", "NaN")]
    [InlineData("--jobs '-1': give a whole number, 1 or more", "--jobs", "-1")]
    [InlineData("--seed needs a value", "--seed")]
    [InlineData("fuzz does not know '--nope'", "--nope", "1")]
    public void What_it_cannot_do_is_said(string said, params string[] options)
    {
        var program = KitPaths.InRepository("artifacts", "bin", "Benchmarks", "release", "Madtp.Kit.Benchmarks.dll");
        using var fuzz = Process.Start(new ProcessStartInfo(DotnetHost.Path, [program, "fuzz", .. options])
        {
            RedirectStandardError = true,
        })!;
        Assert.StartsWith($"kit: {said}", fuzz.StandardError.ReadToEnd(), StringComparison.Ordinal);
        fuzz.WaitForExit();
        Assert.Equal(2, fuzz.ExitCode);
    }
}
