using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Verification;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests;

/// <summary>
/// The released code takes kept tokens in the order that an unsorted top-k gives, which is the device's affair. CLIP reads a text's
/// feature at a place, so its value is too.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class ReleasedOrderTests
{
    [Theory]
    [InlineData("clip_tiny-11")]
    [InlineData("clip_tiny-12")]
    public void ACpuGivesTheOrderThatWasRecordedOnOne(string fixture) =>
        Assert.True(Distance(fixture, TokenOrder.Library, CPU, "t1.text_features") < 1e-4);

    [Theory(SkipUnless = nameof(ComputeDevice.HasGpu), SkipType = typeof(ComputeDevice), Skip = "no GPU here")]
    [InlineData("clip_tiny-11")]
    [InlineData("clip_tiny-12")]
    public void AGpuGivesAnother(string fixture)
    {
        var gpu = ComputeDevice.Of("cuda");
        foreach (var order in new[] { TokenOrder.Library, TokenOrder.LibraryOnCpu, TokenOrder.Importance, TokenOrder.LeastImportantLast })
        {
            string[] recorded = ["t1", "t1.sorted", "t1.cuda"];
            var distances = recorded.Select(tag => FormattableString.Invariant($"{tag} {Distance(fixture, order, gpu, $"{tag}.text_features"):0.0E+0}"));
            Console.WriteLine($"{fixture}, {order}: text features differ by {string.Join(", ", distances)}");
        }

        Assert.True(Distance(fixture, TokenOrder.LibraryOnCpu, gpu, "t1.text_features") < 1e-4);
        Assert.True(Distance(fixture, TokenOrder.Library, gpu, "t1.text_features") > 0.1);
    }

    private static double Temperature(GoldenFixture golden) =>
        golden.Manifest["cases"]["t1"]["temperature"].Number;

    private static double Distance(string fixture, TokenOrder order, Device device, string recorded)
    {
        var before = get_default_device();
        set_default_device(device);
        using var scope = NewDisposeScope();
        using var off = no_grad();
        try
        {
            using var golden = GoldenFixture.Open(KitPaths.InRepository("tests", "golden", fixture), device);
            var model = new ClipModel(golden.Clip());
            golden.LoadInto(model);
            model.eval();
            using var reduction = TokenReduction.Attach(model, ReductionPolicy.Released with { Order = order }, Temperature(golden));
            return (model.Forward(golden["image"], golden["text"]).Text.Feature - golden[recorded]).abs().max().cpu().item<float>();
        }
        finally
        {
            set_default_device(before);
        }
    }
}
