using Madtp.Kit.Madtp;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class PruningSettingTests
{
    private static readonly PruningMethod Static = PruningMethod.ByKeepRatio("STP", keep => StaticPruning.Policy(keep));

    [Fact]
    public void A_dial_is_turned_until_the_cost_is_met()
    {
        var setting = Static.Calibrate(one => one.Strength * one.Strength, target: 0.25);
        Assert.InRange(setting.Strength, 0.495, 0.505);
        Assert.True(setting.Calibration!.Reached);
        Assert.Equal("STP", setting.Name);
        Assert.Equal(Static.Policy(setting.Strength).Keep.ToString(), setting.Policy.Keep.ToString());
    }

    [Fact]
    public void A_cost_out_of_reach_is_said_to_be()
    {
        var setting = Static.Calibrate(one => 1 + one.Strength, target: 0.5);
        Assert.False(setting.Calibration!.Reached);
        Assert.Equal(0.02, setting.Strength, 6);
    }

    [Fact]
    public void An_attached_setting_has_its_dial_and_gathers_no_features()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(4, 12, 5);
        using (var reduction = PruningMethod.Madtp.At(7).Attach(model))
        {
            Assert.Equal((7.0, ReductionPolicy.Fixed), (reduction.Temperature, reduction.Policy));
            Assert.Null(AlignmentLoss.Of(model.Forward(images, ids, mask).Aligned));
        }

        Assert.All(model.ReducibleEncoders.SelectMany(encoder => encoder.Blocks), block => Assert.Null(block.Reducer));
    }
}
