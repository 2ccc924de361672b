using Madtp.Kit.Models;
using Madtp.Kit.Models.Text;
using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>One pruned text layer of each sort (NLVR2 before and after the merge layers start, MED), with its padding mask.</summary>
internal sealed class BertLayerCheck(GoldenFixture fixture) : StepCheck(fixture)
{
    private static readonly (string Tag, TokenOrder Order)[] Orders = [("sorted", TokenOrder.Importance), ("cuda", TokenOrder.LeastImportantLast)];

    protected override void Check()
    {
        using var off = no_grad();
        var config = FixtureBert.Read(Fixture.Config.GetProperty("bert")) with { EncoderWidth = Fixture.Size("encoder_width") };
        Layer("nlvr0", BertLayer.Nlvr(config, 0), MaskGather.ByImportance);
        Layer("nlvr6", BertLayer.Nlvr(config, 6), MaskGather.ByImportance);
        Layer("med", BertLayer.Med(config), MaskGather.WithTokens);
    }

    private void Layer(string sort, BertLayer layer, MaskGather gather)
    {
        StateLoading.Into(layer, Fixture, $"{sort}.", ignore: ["space_dict"]);
        layer.eval();
        Used($"{sort}.ext_mask");
        var learnable = nn.Parameter(Input($"{sort}.space_dict").clone());
        var encoder = new ReducibleEncoder(sort, Modality.Text, [layer], () => learnable) { MaskGather = gather };
        ImageContext[] images = [.. new[] { $"{sort}.enc0", $"{sort}.enc1" }.Where(Fixture.Has).Select(name => new ImageContext(Input(name)))];
        foreach (var mode in new[] { "text", "multimodal" })
        {
            foreach (var temperature in new[] { "T0", "T1" })
            {
                Scenario($"{sort}.{mode}.{temperature}", sort, layer, encoder, mode == "text" ? [] : images);
            }
        }
    }

    private void Scenario(string scenario, string sort, BertLayer layer, ReducibleEncoder encoder, ImageContext[] images)
    {
        var temperature = Number(Input($"{scenario}.temperature"));
        foreach (var (tag, order) in temperature == 0 ? [] : Orders)
        {
            var (state, indices, _) = Run(sort, layer, encoder, images, temperature, order);
            Expect($"{scenario}.{tag}", "y", state.X, Features);
            Expect($"{scenario}.{tag}", "mask_out_full", TokenState.AdditiveMask(state.Mask!), Exact);
            Expect($"{scenario}.{tag}", "kept_indices", indices, Exact);
        }

        var (output, _, trace) = Run(sort, layer, encoder, images, temperature, TokenOrder.LibraryOnCpu);
        using (trace)
        {
            ExpectPlain(scenario, output, trace);
        }
    }

    // Recorded in the order of the reference's own unsorted top-k; rows are matched through its kept_indices where given.
    private void ExpectPlain(string scenario, TokenState output, ReductionTrace trace)
    {
        Expect(scenario, "mask_out_full", TokenState.AdditiveMask(output.Mask!), Exact);
        Expect(scenario, "y", output.X, Features);
        if (!Fixture.Has($"{scenario}.importance"))
        {
            return;
        }

        var step = trace.Steps[0].Tensors!;
        var places = ExpectStep(scenario, step, PruningExpectations.Identity(output.X.shape[0], step.Importance.Total.shape[1]));
        Expect(scenario, "tokens_out", PruningExpectations.Reordered(step.Output.slice(1, 1, step.Output.shape[1], 1), places), Features);
        Used($"{scenario}.mask_in");
        Expect(scenario, "mask_out", TokenState.AdditiveMask(output.Mask!).squeeze(1).squeeze(1).slice(1, 1, output.Length, 1), Exact);
    }

    private (TokenState State, Tensor? Indices, ReductionTrace Trace) Run(string sort, BertLayer layer, ReducibleEncoder encoder, ImageContext[] images, double temperature, TokenOrder order)
    {
        using var reduction = TokenReduction.Attach([encoder], ReductionPolicy.Released with { Order = order }, temperature);
        reduction.GatherFeatures = false;
        var trace = reduction.Record(TraceDetail.Tensors);
        var state = layer.Forward(new TokenState(Input($"{sort}.hidden")) { Mask = Input($"{sort}.attention_mask") }, images);
        return (state, trace.Steps[0].Tensors?.Selection?.Index, trace);
    }
}
