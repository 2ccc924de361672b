using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

/// <summary>What must hold of every kind of model whose parameters are pruned.</summary>
public abstract class PrunedModelTests<TModel>(Func<TModel> make, CostModel cost, Accounting accounting = Accounting.Paper)
    where TModel : nn.Module, IReducibleModel
{
    private static readonly int[] Lengths = [4, 9, 9, 12];

    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(10).WithReplay(3, 5);

    private static Arbitrary<(int Seed, bool Fractions)> Masks { get; } =
        (from seed in Gen.Choose(1, 100_000) from fractions in Gen.Elements(false, true) select (seed, fractions)).ToArbitrary();

    /// <summary>Everything the model answers to some images and texts, in numbers.</summary>
    protected abstract Tensor Answers(TModel model);

    protected TModel Model(int seed) => PrunedModels.Lively(make(), seed);

    private MacLedger Ledger(TModel model, int textTokens) => MacLedger.For(cost with { TextTokens = textTokens, Widths = PrunableWidth.InnerWidths(model) });

    protected TModel Smaller(TModel model, int seed, bool fractions = false)
    {
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, (ulong)seed, fractions);
        return ModelExtraction.Extract(model, pruning);
    }

    [Fact]
    public void The_smaller_model_answers_as_the_masked_one() => Prop.ForAll(Masks, masks =>
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(masks.Seed);
        var plain = Answers(model);
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, (ulong)masks.Seed, masks.Fractions);
        using var smaller = ModelExtraction.Extract(model, pruning);
        var (expected, actual) = (Answers(model), Answers(smaller));
        Assert.InRange(PrunedModels.Difference(expected, actual), 0, 1e-5f * (1 + expected.abs().max().item<float>()));
        Assert.True(PrunedModels.Difference(expected, plain) > 1e-3, "the masks must matter, or nothing is tested");
        pruning.Dispose();
        Assert.Equal(0, PrunedModels.Difference(plain, Answers(model)));
    }).Check(Cases);

    [Fact]
    public void A_reduction_takes_the_same_tokens_out_of_both()
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(8);
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, 8);
        using var smaller = ModelExtraction.Extract(model, pruning);
        var (masked, maskedTokens) = Reduced(model);
        var (cut, cutTokens) = Reduced(smaller);
        Assert.Equal(maskedTokens, cutTokens);
        Assert.InRange(PrunedModels.Difference(masked, cut), 0, 1e-4f * (1 + masked.abs().max().item<float>()));
    }

    private (Tensor Answers, int[] Tokens) Reduced(TModel model)
    {
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 20);
        using var trace = reduction.Record();
        return (Answers(model), [.. trace.Steps.SelectMany(step => step.TokensPerSample)]);
    }

    [Fact]
    public void One_unit_of_every_width_is_enough()
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(2);
        using var pruning = ParameterPruning.Attach(model);
        foreach (var mask in pruning.Masks)
            mask.Set([.. new float[mask.Units - 1], 1]);

        using var smallest = ModelExtraction.Extract(model, pruning);
        var expected = Answers(model);
        Assert.InRange(PrunedModels.Difference(expected, Answers(smallest)), 0, 1e-5f * (1 + expected.abs().max().item<float>()));
        Assert.All(PrunableWidth.Of(smallest), width => Assert.Equal(1, width.Units));
    }

    [Fact]
    public void Units_add_up_to_what_the_ledger_loses() => Prop.ForAll(Masks, masks =>
    {
        using var model = Model(masks.Seed);
        var costs = UnitCosts.Of(model, widths => RunCosts.Of(model).Mean(Lengths, widths));
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, (ulong)masks.Seed);
        using var smaller = ModelExtraction.Extract(model, pruning);
        var (run, regular) = (RunCosts.Of(smaller), new RunCosts(cost, accounting));
        var removed = pruning.Masks.Select((mask, i) => (mask.Units - mask.Kept) * costs.PerUnit[i]).Sum();
        Assert.All(costs.PerUnit, cost => Assert.True(cost > 0));
        Assert.Equal(Lengths.Average(n => (double)run.Whole(n)), costs.Whole - removed, 3);
        Assert.Equal(Lengths.Average(n => (double)run.Dense(n)), costs.Dense, 3);
        Assert.All(Lengths, n => Assert.Equal((regular.Whole(n), regular.Dense(n)), (run.Dense(n), run.Dense(n))));
    }).Check(Cases.WithMaxTest(5));

    // Each matrix is multiplied with as many tokens as in the regular model, whatever its shape has become.
    [Fact]
    public void The_ledger_counts_the_smaller_model_by_its_real_shapes()
    {
        using var model = Model(3);
        using var smaller = Smaller(model, 3);
        var (before, after) = (model.state_dict(), smaller.state_dict());
        var (regular, cut) = (Ledger(model, 9).Rows, Ledger(smaller, 9).Rows);
        Assert.Equal(regular.Select(row => row.Module), cut.Select(row => row.Module));
        var counted = new HashSet<string>();
        foreach (var (whole, less) in regular.Zip(cut))
        {
            var name = new[] { whole.Module + ".weight", whole.Module + "_weight" }.FirstOrDefault(after.ContainsKey);
            if (name is not null && after[name].ndim == 2)
            {
                counted.Add(name);
                Assert.Equal((name, whole.Paper * after[name].numel()), (name, less.Paper * before[name].numel()));
                Assert.Equal((name, whole.Deploy * after[name].numel()), (name, less.Deploy * before[name].numel()));
            }
        }

        var pruned = PrunableWidth.Of(model).SelectMany(width => width.Rows.Concat(width.Columns)).Where(name => before[name].ndim == 2 && !ContrastiveModel.IsOfCopy(name));
        Assert.Superset(pruned.ToHashSet(), counted);
    }

    [Fact]
    public void Weights_carry_their_widths_in_their_shapes()
    {
        using var folder = new TemporaryFolder();
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(6);
        using var smaller = Smaller(model, 6);
        var path = Path.Combine(folder.Path, "small.safetensors");
        SafetensorsWriter.Write(path, smaller.state_dict().ToDictionary(pair => $"model.{pair.Key}", pair => pair.Value));
        using var file = CheckpointFile.Open(path);
        using var loaded = CompressedWeights.Load(make(), file);
        Assert.Equal(0, PrunedModels.Difference(Answers(smaller), Answers(loaded)));
        var state = loaded.state_dict();
        Assert.All(smaller.state_dict(), pair => Assert.True(pair.Value.Equals(state[pair.Key]), pair.Key));
        Assert.NotEqual(PrunableWidth.Of(model).Select(width => width.Units), PrunableWidth.Of(loaded).Select(width => width.Units));
        Assert.Equal(PrunableWidth.Of(smaller).Select(width => width.Units), PrunableWidth.Of(loaded).Select(width => width.Units));
    }

    [Fact]
    public void Where_nothing_is_masked_the_model_stays_regular()
    {
        using var model = Model(7);
        using var pruning = ParameterPruning.Attach(model);
        using var same = ModelExtraction.Extract(model, pruning);
        Assert.Equal(PrunableWidth.InnerWidths(model), PrunableWidth.InnerWidths(same));
        var state = same.state_dict();
        Assert.All(model.state_dict().Where(pair => !ContrastiveModel.IsOfCopy(pair.Key)), pair => Assert.True(pair.Value.Equals(state[pair.Key]), pair.Key));
    }

    [Fact]
    public void Every_layer_of_every_transformer_can_be_pruned()
    {
        using var model = Model(9);
        var state = model.state_dict();
        var widths = PrunableWidth.Of(model);
        Assert.All(widths.SelectMany(width => width.Rows.Concat(width.Columns)), name => Assert.True(state.ContainsKey(name), name));
        Assert.Equal(widths.Count, widths.Select(width => width.Name).Distinct().Count());
        Assert.All(widths, width => Assert.Equal(width.IsFeedForward, width.Heads == 1));
        Assert.All(widths.GroupBy(width => (Root(width.Name), width.IsFeedForward)), kind => Assert.Single(kind.Select(width => width.Heads * width.Units).Distinct()));

        // Every two-dimensional weight of a block either makes or reads units, or is a map of another kind.
        var followed = widths.SelectMany(width => width.Rows.Concat(width.Columns)).ToHashSet();
        Assert.DoesNotContain(state.Keys, name => Layered(name) && state[name].ndim == 2 && !followed.Contains(name) && !name.Contains("merge_layer") && !name.Contains("query_model"));
    }

    private static string Root(string name) => name.Split('.')[0];

    private static bool Layered(string name) => name.Contains(".layer.") || name.Contains("blocks.");
}
