using Madtp.Kit.Runtime;
using Madtp.Kit.Verification;
using Xunit;

namespace Madtp.Kit.Tests;

/// <summary>The kit against the reference tensors in tests/golden: every tensor, every case.</summary>
public class GoldenTests
{
    public static TheoryData<string> Fixtures() =>
        [.. Directory.GetDirectories(KitPaths.InRepository("tests", "golden")).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Every_recorded_tensor_is_reproduced(string fixture)
    {
        var rows = GoldenVerifier.Verify(KitPaths.InRepository("tests", "golden", fixture));
        Assert.NotEmpty(rows);
        Assert.True(rows.All(row => row.Ok), string.Join('\n', rows.Where(row => !row.Ok)));
    }

    /// <summary>On a GPU too, those that were recorded in the order of a CPU's unsorted top-k in that order.</summary>
    [Theory(SkipUnless = nameof(ComputeDevice.HasGpu), SkipType = typeof(ComputeDevice), Skip = "no GPU here")]
    [MemberData(nameof(Fixtures))]
    public void Every_recorded_tensor_is_reproduced_on_a_GPU(string fixture)
    {
        var rows = GoldenVerifier.Verify(KitPaths.InRepository("tests", "golden", fixture), ComputeDevice.Of("cuda"));
        Assert.True(rows.All(row => row.Ok), string.Join('\n', rows.Where(row => !row.Ok)));
    }

    [Fact]
    public void Every_kind_is_there_in_two_seeds() => Assert.Equal(
        GoldenVerifier.Kinds.SelectMany(kind => new[] { $"{kind}-11", $"{kind}-12" }).Order(StringComparer.Ordinal),
        Directory.GetDirectories(KitPaths.InRepository("tests", "golden")).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal));

    [Fact]
    public void Agreement_is_said_in_a_sentence()
    {
        var folder = KitPaths.InRepository("tests", "golden", "mag-11");
        var count = GoldenVerifier.Verify(folder).Count;
        Assert.StartsWith($"mag-11: {count} of {count} tensors agree, largest error ", GoldenVerifier.Require(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_weight_is_noticed()
    {
        var folder = Directory.CreateTempSubdirectory("golden").FullName;
        try
        {
            foreach (var file in Directory.GetFiles(KitPaths.InRepository("tests", "golden", "mag-11")))
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));

            var data = Path.Combine(folder, "data.safetensors");
            var bytes = File.ReadAllBytes(data);
            bytes[^2] ^= 0x40; // an exponent bit of the last recorded number
            File.WriteAllBytes(data, bytes);
            var wrong = Assert.Single(GoldenVerifier.Verify(folder), row => !row.Ok);
            Assert.Contains(wrong.Tensor, Assert.Throws<InvalidDataException>(() => GoldenVerifier.Require(folder)).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_folder_that_is_no_fixture_says_what_is_missing()
    {
        var folder = Directory.CreateTempSubdirectory("golden").FullName;
        try
        {
            var error = Assert.Throws<InvalidDataException>(() => GoldenVerifier.Verify(folder));
            Assert.Contains("manifest.json", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder);
        }
    }
}
