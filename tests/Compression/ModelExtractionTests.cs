using FsCheck.Fluent;
using FsCheck;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

public sealed class ModelExtractionTests
{
    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(20).WithReplay(3, 5);

    private static Arbitrary<(int Seed, bool Fractions)> Masks { get; } =
        (from seed in Gen.Choose(1, 100_000) from fractions in Gen.Elements(false, true) select (seed, fractions)).ToArbitrary();

    [Fact]
    public void TheSmallerModelAnswersAsTheMaskedOne() => Prop.ForAll(Masks, masks =>
    {
        using var scope = NewDisposeScope();
        using var model = PrunedModels.Lively(masks.Seed);
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, (ulong)masks.Seed, masks.Fractions);
        using var smaller = ModelExtraction.Extract(model, pruning);
        var (expected, actual) = (PrunedModels.Logits(model), PrunedModels.Logits(smaller));
        pruning.Dispose();
        Assert.InRange(PrunedModels.Difference(expected, actual), 0, 1e-5f * (1 + expected.abs().max().item<float>()));
        Assert.True(PrunedModels.Difference(expected, PrunedModels.Logits(model)) > 1e-3, "the masks must matter, or nothing is tested");
    }).Check(Cases);

    [Fact]
    public void AReductionTakesTheSameTokensOutOfBoth()
    {
        using var scope = NewDisposeScope();
        using var model = PrunedModels.Lively(8);
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, 8);
        using var smaller = ModelExtraction.Extract(model, pruning);
        var (masked, maskedTokens) = Reduced(model);
        var (cut, cutTokens) = Reduced(smaller);
        Assert.Equal(maskedTokens, cutTokens);
        Assert.InRange(PrunedModels.Difference(masked, cut), 0, 1e-4f);
    }

    private static (Tensor Logits, int[] Tokens) Reduced(BlipNlvr model)
    {
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 20);
        using var trace = reduction.Record();
        return (PrunedModels.Logits(model), [.. trace.Steps.SelectMany(step => step.TokensPerSample)]);
    }

    [Fact]
    public void MasksOfOnesChangeNothingAndDetachingGivesThePlainModelBack()
    {
        using var scope = NewDisposeScope();
        using var model = PrunedModels.Lively(2);
        var names = model.state_dict().Keys.ToArray();
        var before = PrunedModels.Logits(model).data<float>().ToArray();
        using (var pruning = ParameterPruning.Attach(model))
        {
            Assert.Equal(before, PrunedModels.Logits(model).data<float>().ToArray());
            Assert.Equal(names, model.state_dict().Keys);
            PrunedModels.Mask(pruning, 2);
            Assert.NotEqual(before, PrunedModels.Logits(model).data<float>().ToArray());
            Assert.Throws<InvalidOperationException>(() => ParameterPruning.Attach(model));
        }

        Assert.Equal(before, PrunedModels.Logits(model).data<float>().ToArray());
        using var again = ParameterPruning.Attach(model);
    }

    [Fact]
    public void TheLedgerCountsTheSmallerModelByItsRealShapes() => Prop.ForAll(Masks, masks =>
    {
        using var model = PrunedModels.Lively(masks.Seed);
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, (ulong)masks.Seed);
        using var smaller = ModelExtraction.Extract(model, pruning);
        var ledger = MacLedger.For(new NlvrCost(smaller.Config, TextTokens: 9) { Widths = PrunableWidth.InnerWidths(smaller) });
        var shapes = smaller.state_dict();
        var counted = 0;
        foreach (var row in ledger.Rows.Where(row => shapes.ContainsKey($"{row.Module}.weight") && shapes[$"{row.Module}.weight"].dim() == 2))
        {
            var weight = shapes[$"{row.Module}.weight"];
            Assert.Equal(row.Module, Madds(row.Module) * weight.shape[0] * weight.shape[1] == row.Paper ? row.Module : $"{row.Module}: {row.Paper} against [{string.Join(", ", weight.shape)}]");
            counted++;
        }

        Assert.Equal((3 * 4) + (3 * 14) + 1 + 2, counted);
        var widths = PrunableWidth.InnerWidths(smaller);
        Assert.Equal(9L * 37 * widths["text_encoder.encoder.layer.1.crossattention.self1"], ledger.Rows.Single(row => row.Module == "text_encoder.encoder.layer.1.crossattention.self1.scores").Paper);
        Assert.Equal(2L * 37 * 37 * widths["visual_encoder.blocks.2.attn"], ledger.Rows.Single(row => row.Module == "visual_encoder.blocks.2.attn.context").Paper);
    }).Check(Cases.WithMaxTest(5));

    // Two images of 37 tokens, one text of 9; keys and values of cross-attention read an image, the head one token.
    private static long Madds(string module) =>
        module.StartsWith("visual", StringComparison.Ordinal) ? 2 * 37 :
        module.StartsWith("cls_head", StringComparison.Ordinal) ? 1 :
        module.Contains("crossattention.self", StringComparison.Ordinal) && !module.EndsWith("query", StringComparison.Ordinal) ? 37 : 9;

    [Fact]
    public void UnitsAddUpToWhatTheLedgerLoses() => Prop.ForAll(Masks, masks =>
    {
        using var model = PrunedModels.Lively(masks.Seed);
        int[] lengths = [4, 9, 9, 12];
        var costs = UnitCosts.Of(model, widths => RunCosts.Of(model).Mean(lengths, widths));
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, (ulong)masks.Seed);
        using var smaller = ModelExtraction.Extract(model, pruning);
        var run = RunCosts.Of(smaller);
        var removed = pruning.Masks.Select((mask, i) => (mask.Units - mask.Kept) * costs.PerUnit[i]).Sum();
        Assert.Equal(lengths.Average(n => (double)run.Whole(n)), costs.Whole - removed, 3);
        Assert.Equal(lengths.Average(n => (double)run.Dense(n)), costs.Dense, 3);
    }).Check(Cases.WithMaxTest(5));

    [Fact]
    public void ASmallerModelCanBeCutAgain()
    {
        using var scope = NewDisposeScope();
        using var model = PrunedModels.Lively(4);
        using var first = ParameterPruning.Attach(model);
        PrunedModels.Mask(first, 41);
        using var smaller = ModelExtraction.Extract(model, first);
        using var second = ParameterPruning.Attach(smaller);
        PrunedModels.Mask(second, 42);
        using var smallest = ModelExtraction.Extract(smaller, second);
        Assert.InRange(PrunedModels.Difference(PrunedModels.Logits(smaller), PrunedModels.Logits(smallest)), 0, 1e-5f);
        Assert.True(RunCosts.Of(smallest).Whole(9) < RunCosts.Of(smaller).Whole(9));
        Assert.Equal(RunCosts.Of(model).Dense(9), RunCosts.Of(smallest).Dense(9));
    }

    [Fact]
    public void WeightsCarryTheirWidthsInTheirShapes()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var model = PrunedModels.Lively(6);
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, 6);
        using var smaller = ModelExtraction.Extract(model, pruning);
        var path = Path.Combine(folder.Path, "small.safetensors");
        SafetensorsWriter.Write(path, smaller.state_dict());
        using var file = CheckpointFile.Open(path);
        using var loaded = CompressedWeights.Load(new BlipNlvr(TinyModels.Config), file);
        Assert.Equal(PrunedModels.Logits(smaller).data<float>().ToArray(), PrunedModels.Logits(loaded).data<float>().ToArray());
        Assert.Equal(PrunableWidth.InnerWidths(smaller), PrunableWidth.InnerWidths(loaded));
    }

    [Fact]
    public void TheRegularModelStaysRegular()
    {
        using var model = PrunedModels.Lively(7);
        using var pruning = ParameterPruning.Attach(model);
        using var same = ModelExtraction.Extract(model, pruning);
        Assert.Equal(model.Config, same.Config);
        Assert.All(model.state_dict(), pair => Assert.True(pair.Value.Equals(same.state_dict()[pair.Key]), pair.Key));
    }

    [Fact]
    public void AMaskOfZerosIsRefusedByName()
    {
        using var model = PrunedModels.Lively(9);
        using var pruning = ParameterPruning.Attach(model);
        var mask = pruning["text_encoder.encoder.layer.1.crossattention.self1"];
        mask.Set(new float[mask.Units]);
        var error = Assert.Throws<ArgumentException>(() => ModelExtraction.Extract(model, pruning));
        Assert.Contains("layer.1.crossattention.self1", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => mask.Set([1]));
        Assert.Throws<ArgumentException>(() => pruning["nothing"]);
    }

    [Fact]
    public void EveryWidthOfBothModalitiesIsMasked()
    {
        using var model = PrunedModels.Lively(9);
        var widths = PrunableWidth.Of(model);
        Assert.Equal((3 * 2) + (3 * 4), widths.Count);
        Assert.Equal(6, widths.Count(width => width.Name.Contains("crossattention", StringComparison.Ordinal)));
        Assert.Equal(6, widths.Count(width => width.IsFeedForward));
        var state = model.state_dict();
        Assert.All(widths.SelectMany(width => width.Rows.Concat(width.Columns)), name => Assert.True(state.ContainsKey(name), name));
    }
}
