using Madtp.Kit.Training;
using Madtp.Kit.Tests.Tasks;
using Xunit;

namespace Madtp.Kit.Tests.Training;

public sealed class WeightDecayGroupsTests
{
    [Theory]
    [InlineData("model.visual_encoder.blocks.0.attn.qkv.weight", 2, true)]
    [InlineData("model.visual_encoder.patch_embed.proj.weight", 4, true)]
    [InlineData("model.visual_encoder.blocks.0.attn.qkv.bias", 1, false)]
    [InlineData("model.visual_encoder.norm.weight", 1, false)]
    [InlineData("model.visual_encoder.pos_embed", 3, false)]
    [InlineData("model.visual_encoder.cls_token", 3, false)]
    [InlineData("model.space_dict", 2, false)]
    [InlineData("model.text_encoder.embeddings.word_embeddings.weight", 2, false)]
    [InlineData("model.text_encoder.embeddings.position_embeddings.weight", 2, false)]
    public void OnlyMatricesOfMapsDecay(string name, int dimensions, bool decays) => Assert.Equal(decays, WeightDecayGroups.Decays(name, dimensions));

    [Fact]
    public void EveryParameterIsInOneGroup()
    {
        var parameters = Toys.NewNlvr2(seed: 1).named_parameters().Select(p => (p.name, p.parameter)).ToArray();
        var groups = WeightDecayGroups.Split(parameters, new TrainingSettings());
        Assert.Equal(parameters.Length, groups.Sum(group => group.Parameters.Count()));
        Assert.Equal(parameters.Select(p => p.parameter.Handle).Order(), groups.SelectMany(g => g.Parameters).Select(p => p.Handle).Order());
    }
}
