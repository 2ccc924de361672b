using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Models;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

public sealed class PrunedCaptionerTests() : PrunedModelTests<BlipCaptioner>(() => new BlipCaptioner(TinyModels.Config), new CaptionCost(TinyModels.Config))
{
    protected override Tensor Answers(BlipCaptioner model)
    {
        var (ids, mask) = PrunedModels.Texts(first: 3, 9, 4, 12);
        var output = model.Forward(PrunedModels.Images(3), ids, mask, promptLength: 2);
        return cat([(output.Logits * mask.unsqueeze(2)).flatten(), output.Loss.view(1)], 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_smaller_model_writes_what_the_masked_one_writes(int seed)
    {
        using var scope = NewDisposeScope();
        using var model = Model(seed);
        var plain = Captions(model);
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, (ulong)seed, fractions: seed % 2 == 0);
        using var smaller = ModelExtraction.Extract(model, pruning);
        var masked = Captions(model);
        Assert.Equal(masked, Captions(smaller));
        Assert.NotEqual(plain, masked);
    }

    [Fact]
    public void One_dimension_of_every_head_is_enough_to_write()
    {
        using var scope = NewDisposeScope();
        using var model = Model(3);
        using var pruning = ParameterPruning.Attach(model);
        foreach (var mask in pruning.Masks)
            mask.Set([1, .. new float[mask.Units - 1]]);

        using var smallest = ModelExtraction.Extract(model, pruning);
        Assert.Equal(Captions(model), Captions(smallest));
    }

    private static long[] Captions(BlipCaptioner model) =>
        model.Generate(PrunedModels.Images(3), tensor([3L, 7L]), new GenerationSettings { EndId = 2, MaxLength = 12, MinLength = 4 }).data<long>().ToArray();
}
