using System.Globalization;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>sparsemax(T·x) and its gradient.</summary>
internal sealed class SparsemaxCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    private const double Projection = 1e-6;

    protected override void Check()
    {
        foreach (var scenario in Fixture.Names.Where(name => name.EndsWith(".x", StringComparison.Ordinal))
            .Select(name => name[..^2]).Order(StringComparer.Ordinal))
        {
            var temperature = double.Parse(
                scenario[(scenario.IndexOf(".T", StringComparison.Ordinal) + 2)..], CultureInfo.InvariantCulture);
            var x = Input($"{scenario}.x").clone().requires_grad_();
            var y = Sparsemax.Project(x * temperature);
            BackwardPass.Run((y * Input($"{scenario}.w")).sum());
            Expect(scenario, "y", y, Projection);
            Expect(scenario, "grad_x", x.grad, Projection);
        }
    }
}

/// <summary>Alignment guidance on its own: raw scores, maps, features and their gradients, with and without a map.</summary>
internal sealed class AlignmentCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    protected override void Check()
    {
        Scenario("map0", null);
        var map = new AlignmentMap(Fixture.Size("ft_dim"), Fixture.Size("sd_dim"));
        Fixture.LoadInto(map, "map1.", withTokens: false);
        Scenario("map1", map);
    }

    private void Scenario(string scenario, AlignmentMap? map)
    {
        var tokens = Input($"{scenario}.ft").clone().requires_grad_();
        var learnable = Input($"{scenario}.space_dict").clone().requires_grad_();
        var mapped = map?.forward(tokens) ?? tokens;
        var raw = AlignmentGuidance.RawScores(mapped, learnable);
        var maps = AlignmentGuidance.AttentionMaps(raw, learnable.shape[1]);
        var features = AlignmentGuidance.Features(maps, mapped);
        BackwardPass.Run((features * Input($"{scenario}.gw")).sum());
        Expect(scenario, "token_att", raw, Scores);
        Expect(scenario, "att_weight", maps, Scores);
        Expect(scenario, "att_ft", features, Features);
        Expect(scenario, "grad_ft", tokens.grad, Gradients);
        Expect(scenario, "grad_space_dict", learnable.grad, Gradients);
        if (map is not null)
            Expect(scenario, "grad_q_map_weight", map.get_parameter("q_map.0.weight")!.grad, Gradients);
    }
}

/// <summary>One pruned vision block: every score, the selection, the output and the gradients.</summary>
internal sealed class VisionBlockCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    protected override void Check()
    {
        foreach (var (name, manifest) in Cases)
            Scenario(name, manifest["tokens_out"].Size);
    }

    private void Scenario(string scenario, int tokens)
    {
        var block = new VisionBlock(new VisionTransformerConfig
        {
            Width = Fixture.Size("dim"),
            Heads = Fixture.Size("num_heads"),
            MlpRatio = Fixture.Config["mlp_ratio"].Number,
        });
        Fixture.LoadInto(block, withTokens: false);
        var learnable = nn.Parameter(Input("space_dict").clone());
        var x = Input($"{scenario}.x").clone().requires_grad_();
        var encoder = new ReducibleEncoder("block", Modality.Image, [block], () => learnable);
        using var reduction = TokenReduction.Attach([encoder], ReductionPolicy.Released, Number($"{scenario}.temperature"));
        reduction.GatherFeatures = false;
        using var trace = reduction.Record(TraceDetail.Tensors);
        var y = block.forward(new TokenState(x)).X;
        var loss = (y.select(1, 0) * Input($"{scenario}.gv")).sum() + (y.slice(1, 1, y.shape[1], 1).pow(2).sum() * 0.5);
        BackwardPass.Run(loss);
        var step = trace.Steps[0];
        Compare(scenario, "tokens_out (manifest)", step.TokensPerSample, [.. Enumerable.Repeat(tokens, (int)y.shape[0])]);
        Expect(scenario, "y", step.Tensors is { } kept ? ReorderedTokens(y, ExpectStepAndTokens(scenario, kept)) : y, Features);
        Expect(scenario, "loss", loss, Features);
        Expect(scenario, "grad_x", x.grad, Gradients);
        Expect(scenario, "grad_qkv_weight", block.get_parameter("attn.qkv.weight")!.grad, Gradients);
        Expect(scenario, "grad_fc1_weight", block.get_parameter("mlp.fc1.weight")!.grad, Gradients);
        ExpectIfRecorded(scenario, "grad_space_dict", () => learnable.grad, Gradients);
    }
}

/// <summary>A small vision transformer pruned in every layer.</summary>
internal sealed class VisionTransformerCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    protected override void Check()
    {
        var model = new VisionTransformer(Fixture.Vision(Fixture.Config, "img_size"));
        Fixture.LoadInto(model, withTokens: false);
        model.eval();
        var learnable = nn.Parameter(Input("space_dict").clone());
        using var off = no_grad();
        foreach (var (name, manifest) in Cases)
        {
            var encoder = new ReducibleEncoder("visual_encoder", Modality.Image, model.Blocks, () => learnable);
            using var reduction = TokenReduction.Attach([encoder], ReductionPolicy.Released, Number($"{name}.temperature"));
            using var trace = reduction.Record(TraceDetail.Tensors);
            var output = model.forward(Input("image"));
            Compare(name, "tokens_after_layer", [.. trace.Steps.Select(step => step.TokensPerSample[0])],
                manifest["tokens_after_layer"].Integers);
            Tensor? places = null;
            foreach (var step in trace.Steps.Where(step => step.Tensors is not null))
                places = ExpectStepAndTokens($"{name}.layer{step.Layer}", step.Tensors!, places);

            Expect(name, "out", places is null ? output.X : ReorderedTokens(output.X, places), Features);
            Expect(name, "sd_img_ft", output.AlignmentFeature, Features);
        }
    }
}

/// <summary>
/// One pruned text layer of each sort (NLVR2 before and after the merge layers start, MED), with its padding mask.
/// </summary>
internal sealed class BertLayerCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    private static readonly (string Tag, TokenOrder Order)[] Sorted = [
        ("sorted", TokenOrder.Importance), ("cuda", TokenOrder.LeastImportantLast)];

    protected override void Check()
    {
        using var off = no_grad();
        var config = Fixture.Bert() with { EncoderWidth = Fixture.Size("encoder_width") };
        Layer("nlvr0", new BertLayer(config, new PairCrossAttention(config, merges: false)), MaskGather.ByImportance);
        Layer("nlvr6", new BertLayer(config, new PairCrossAttention(config, merges: true)), MaskGather.ByImportance);
        Layer("med", new BertLayer(config, new SingleCrossAttention(config)), MaskGather.WithTokens);
    }

    private void Layer(string sort, BertLayer layer, MaskGather gather)
    {
        Fixture.LoadInto(layer, $"{sort}.", withTokens: false);
        layer.eval();
        Input($"{sort}.ext_mask"); // the attention mask again, as the reference's layers take it
        var learnable = nn.Parameter(Input($"{sort}.space_dict").clone());
        var encoder = new ReducibleEncoder(sort, Modality.Text, [layer], () => learnable) { MaskGather = gather };
        ImageContext[] images = [
            .. new[] { $"{sort}.enc0", $"{sort}.enc1" }.Where(Fixture.Has).Select(name => new ImageContext(Input(name)))];
        foreach (var mode in new[] { "text", "multimodal" })
        {
            foreach (var temperature in new[] { "T0", "T1" })
                Scenario($"{sort}.{mode}.{temperature}", sort, layer, encoder, mode == "text" ? [] : images);
        }
    }

    private void Scenario(string scenario, string sort, BertLayer layer, ReducibleEncoder encoder, ImageContext[] images)
    {
        var temperature = Number($"{scenario}.temperature");
        foreach (var (tag, order) in temperature == 0 ? [] : Sorted)
        {
            var (state, trace) = Run(sort, layer, encoder, images, temperature, order);
            Expect($"{scenario}.{tag}", "y", state.X, Features);
            Expect($"{scenario}.{tag}", "mask_out_full", TokenState.AdditiveMask(state.Mask!), Exact);
            ExpectIfRecorded($"{scenario}.{tag}", "kept_indices", // not where nothing was taken out
                () => trace.Steps[0].Tensors?.Kept is { } kept ? Kept(kept) : null, Exact);
        }

        // Recorded in the order of the reference's own unsorted top-k; rows are matched through its kept_indices where given.
        var (output, plain) = Run(sort, layer, encoder, images, temperature, TokenOrder.LibraryOnCpu);
        Expect(scenario, "mask_out_full", TokenState.AdditiveMask(output.Mask!), Exact);
        Expect(scenario, "y", output.X, Features);
        if (Fixture.Has($"{scenario}.importance"))
        {
            ExpectStepAndTokens(scenario, plain.Steps[0].Tensors!);
            Input($"{scenario}.mask_in");
            Expect(scenario, "mask_out",
                TokenState.AdditiveMask(output.Mask!).squeeze(1).squeeze(1).slice(1, 1, output.Length, 1), Exact);
        }
    }

    private (TokenState State, ReductionTrace Trace) Run(
        string sort, BertLayer layer, ReducibleEncoder encoder, ImageContext[] images, double temperature, TokenOrder order)
    {
        using var reduction = TokenReduction.Attach([encoder], ReductionPolicy.Released with { Order = order }, temperature);
        reduction.GatherFeatures = false;
        var trace = reduction.Record(TraceDetail.Tensors);
        return (layer.Forward(new TokenState(Input($"{sort}.hidden")) { Mask = Input($"{sort}.attention_mask") }, images), trace);
    }
}
