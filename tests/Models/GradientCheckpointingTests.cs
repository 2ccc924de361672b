using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tests.Training;
using Madtp.Kit.Training;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>Computing blocks again changes memory and time, and of a result nothing but the last digits.</summary>
public sealed class GradientCheckpointingTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(0.7)]
    public void TrainingEndsWithTheSameWeights(double? share)
    {
        using var folder = new TemporaryFolder();
        using var plain = TinyNlvr.Task(seed: 1, share);
        var expected = new Trainer(plain, TinyNlvr.Settings, Path.Combine(folder.Path, "plain")).Run();
        using var again = TinyNlvr.Task(seed: 1, share);
        var actual = new Trainer(again, TinyNlvr.Settings with { GradientCheckpointing = true }, Path.Combine(folder.Path, "again")).Run();
        var (weights, weightsAgain) = (TinyNlvr.Weights(plain), TinyNlvr.Weights(again));
        Assert.All(weights, weight => WithinRounding.EqualWeights(weight.Value, weightsAgain[weight.Key]));
        Assert.All(expected.Records.Zip(actual.Records), pair => Assert.Equal(pair.First.Loss!.Value, pair.Second.Loss!.Value, 1e-4));
        Assert.All(again.Modules.SelectMany(m => m.Module.modules()).OfType<IRecomputing>(), encoder => Assert.False(encoder.Recomputes));
    }

    [Fact]
    public void BlocksThatDrawRandomNumbersDrawTheSameAgain()
    {
        var config = TinyModels.Config with
        {
            Vision = TinyModels.Config.Vision with { DropPath = 0.4 },
            Text = TinyModels.Config.Text with { Dropout = 0.2 },
        };
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = new BlipNlvr(config);
        model.train();
        var (plain, after) = Gradients(model, recompute: false);
        var (again, afterAgain) = Gradients(model, recompute: true);
        WithinRounding.Equal(plain, again);
        Assert.Equal(after, afterAgain); // what comes later draws the same numbers too
        manual_seed(8);
        Assert.NotEqual(plain, Gradients(model, recompute: false, seed: 8).Gradients);
    }

    [Fact]
    public void MasksGatherTheSameGradients()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Nlvr();
        float[] Masks(bool recompute)
        {
            using var pruning = ParameterPruning.Attach(model);
            Gradients(model, recompute);
            return [.. pruning.Masks.SelectMany(mask => mask.Tensor.grad!.data<float>().ToArray())];
        }

        var plain = Masks(recompute: false);
        WithinRounding.Equal(plain, Masks(recompute: true));
        Assert.Contains(plain, gradient => gradient != 0);
    }

    [Theory]
    [InlineData("clip")]
    [InlineData("retrieval")]
    public void RetrievalTrainsTheSame(string task)
    {
        using var folder = new TemporaryFolder();
        string Weights(string run, bool recompute)
        {
            var settings = Recipe.Toy(task).Task with { Scenes = new(Seed: 5, TrainImages: 12, DevImages: 6, TestImages: 6, CaptionsPerImage: 2) };
            var training = new TrainingSettings { Epochs = 1, BatchSize = 6, WarmupSteps = 2, LogEvery = 1, GradientCheckpointing = recompute };
            return new Run(task, settings, Path.Combine(folder.Path, run)) { Training = training, Scored = [] }.Train()!.Weights;
        }

        using var plain = CheckpointFile.Open(Weights("plain", recompute: false));
        using var again = CheckpointFile.Open(Weights("again", recompute: true));
        Assert.All(
            plain.Tensors.Where(tensor => !tensor.Name.EndsWith("position_ids", StringComparison.Ordinal)),
            tensor => WithinRounding.EqualWeights(tensor.ToArray<float>(), again[tensor.Name].ToArray<float>()));
    }

    [Fact]
    public void ATraceHasEachBlockOnce()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Nlvr();
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 5);
        using var trace = reduction.Record();
        Gradients(model, recompute: true);
        Assert.Equal(6, trace.Steps.Count);
    }

    /// <summary>The gradients of the second run belong to the tokens of the first.</summary>
    [Theory]
    [InlineData(0.0)]
    [InlineData(5.0)]
    public void A_block_that_is_run_again_has_the_same_thresholds(double temperature)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Nlvr();
        var rule = new Remembering();
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed with { Keep = rule }, temperature);
        Gradients(model, recompute: true);
        Assert.Equal(12, rule.Thresholds.Count); // 6 blocks from the first to the last, then back
        Assert.All(rule.Thresholds.Take(6).Zip(rule.Thresholds.AsEnumerable().Reverse()), pair => Assert.Equal(pair.First, pair.Second));
    }

    private sealed record Remembering : IKeepRule
    {
        public List<float[]> Thresholds { get; } = [];

        public bool NeedsAlignment => true;

        public PartCost Cost(LayerShape layer) => default;

        public PruneMask Decide(ImportanceScores importance, ReductionContext context)
        {
            var decided = new LearnableThresholdRule().Decide(importance, context);
            Thresholds.Add(decided.Thresholds!.data<float>().ToArray());
            return decided;
        }
    }

    [Fact]
    public void MuchLessIsKeptUntilTheBackwardPass()
    {
        manual_seed(1);
        using var encoder = new VisionTransformer(new VisionTransformerConfig { ImageSize = 96, PatchSize = 8, Width = 64, Depth = 12, Heads = 4 });
        using var images = randn(16, 3, 96, 96);
        Held(encoder, images, recompute: true); // what is kept for good comes with the first time
        var (again, plain) = (Held(encoder, images, recompute: true), Held(encoder, images, recompute: false));
        TestContext.Current.TestOutputHelper?.WriteLine($"kept until the backward pass: {plain / 1e6:F0} MB, with recomputation {again / 1e6:F0} MB");
        Assert.True(plain > 100_000_000, $"{plain} bytes are too few to measure");
        Assert.True(again < plain / 4, $"{again} bytes against {plain}");
    }

    [Fact]
    public void Every_part_of_a_state_is_mapped()
    {
        using var scope = NewDisposeScope();
        foreach (var property in typeof(TokenState).GetProperties().Where(property => property.PropertyType == typeof(Tensor)))
        {
            var (state, before, after) = (new TokenState(ones(1)), tensor(7f), tensor(8f));
            property.SetValue(state, before);
            Assert.Same(after, property.GetValue(state.Map(part => ReferenceEquals(part, before) ? after : part)));
        }
    }

    // Memory that a forward pass adds, its graph still alive.
    private static long Held(VisionTransformer encoder, Tensor images, bool recompute)
    {
        using var scope = NewDisposeScope();
        encoder.Recomputes = recompute;
        encoder.train();
        var before = NativeHeap.InUse();
        var output = encoder.forward(images).X.sum();
        var held = NativeHeap.InUse() - before;
        output.backward();
        return held;
    }

    private static (float[] Gradients, float Next) Gradients(BlipNlvr model, bool recompute, long seed = 5)
    {
        using var scope = NewDisposeScope();
        IRecomputing.Set(model, recompute);
        Assert.Equal(2, model.modules().OfType<IRecomputing>().Count(encoder => encoder.Recomputes == recompute));
        model.zero_grad();
        manual_seed(2);
        var (images, ids, mask) = TinyModels.Batch(2, 7, 4);
        manual_seed(seed);
        var output = model.Forward(images, ids, mask);
        var loss = (output.Logits * tensor(new[] { 1f, -2f })).sum();
        (AlignmentLoss.Of(output.Aligned) is { } alignment ? loss + alignment : loss).backward();
        return ([.. model.parameters().Select(p => p.grad).OfType<Tensor>().SelectMany(gradient => gradient.data<float>().ToArray())], rand(1).item<float>());
    }
}
