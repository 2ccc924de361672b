using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Models;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

public sealed class PrunedVqaTests() : PrunedModelTests<BlipVqa>(() => new BlipVqa(Sizes), new VqaCost(Sizes) { Questions = 1, Answers = 1 })
{
    private static readonly BlipConfig Sizes = TinyModels.Config with { EncodeId = 4, DecodeId = 3 };

    protected override Tensor Answers(BlipVqa model)
    {
        var ranked = Ranked(model);
        return zeros(3, 5).scatter(1, ranked.Candidates, ranked.Scores).flatten();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_smaller_model_ranks_answers_as_the_masked_one(int seed)
    {
        using var scope = NewDisposeScope();
        using var model = Model(seed);
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, (ulong)seed);
        using var smaller = ModelExtraction.Extract(model, pruning);
        var (expected, actual) = (Ranked(model), Ranked(smaller));
        Assert.Equal(expected.Candidates.data<long>().ToArray(), actual.Candidates.data<long>().ToArray());
        Assert.Equal(expected.Best.data<long>().ToArray(), actual.Best.data<long>().ToArray());
    }

    // The same layer of the two has widths of its own.
    [Fact]
    public void Question_encoder_and_answer_decoder_are_cut_apart()
    {
        using var model = Model(5);
        using var pruning = ParameterPruning.Attach(model);
        pruning["text_encoder.encoder.layer.1.intermediate"].Set([1, .. new float[31]]);
        pruning["text_decoder.bert.encoder.layer.2.crossattention.self"].Set([0, 1, 1, 1, 0, 0, 0, 0]);
        using var smaller = ModelExtraction.Extract(model, pruning);
        var changed = PrunableWidth.InnerWidths(smaller).Except(PrunableWidth.InnerWidths(model));
        Assert.Equal(
            [new("text_encoder.encoder.layer.1.intermediate", 1), new("text_decoder.bert.encoder.layer.2.crossattention.self", 6)],
            changed);
    }

    private static RankedAnswers Ranked(BlipVqa model)
    {
        var (ids, mask) = PrunedModels.Texts(first: 4, 9, 4, 12);
        var (answers, words) = PrunedModels.Texts(first: 3, 3, 5, 4, 6, 3);
        using var off = no_grad();
        return model.Rank(model.Read(PrunedModels.Images(3), ids, mask), new AnswerCandidates(answers, words), k: 5);
    }
}
