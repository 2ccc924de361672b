using System.CommandLine;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit evaluate toy-clip</c> and <c>kit evaluate toy-retrieval</c>: recall of the toy retrieval models, with or without reduction.</summary>
internal static class EvaluateToyRetrievalVerb
{
    public static Command CreateClip() => Create(ToyRetrievalRecipe.Clip, "The toy CLIP on its held-out scenes.", path =>
    {
        var loaded = ToyClip.Load(path);
        return (new ClipRetriever(loaded.Model), loaded.Temperature);
    });

    public static Command CreateBlip() => Create(ToyRetrievalRecipe.Blip, "The toy BLIP for retrieval on its held-out scenes.", path =>
    {
        var loaded = ToyRetrieval.Load(path);
        return (new BlipRetriever(loaded.Model, ToyRetrievalRecipe.Rerank), loaded.Temperature);
    });

    private static Command Create(ToyRetrievalRecipe recipe, string description, Func<string, (IRetriever Retriever, double? Temperature)> load)
    {
        var weights = new Option<string?>("--weights") { Description = "A weights file; those that come with the kit otherwise." };
        var reduce = new Option<double?>("--reduce") { Description = "The weights fine-tuned for this share of the multiply-accumulates, at their temperature." };
        var temperature = new Option<double?>("--temperature") { Description = "Reduce by MADTP at this temperature." };
        var split = new Option<string>("--split") { Description = "val or test.", DefaultValueFactory = _ => "test" };
        split.AcceptOnlyFromAmong("val", "test");
        var command = new Command(recipe.Name, description) { weights, reduce, temperature, split };
        command.SetAction(parsed =>
        {
            var share = parsed.GetValue(reduce);
            var path = parsed.GetValue(weights) ?? ToyRetrievalRecipe.WeightsPath(recipe.Name, share);
            var (retriever, own) = load(path);
            using var data = recipe.Draw(parsed.GetValue(split)!, recipe.World);
            using var reduction = (parsed.GetValue(temperature) ?? own) is { } t ? TokenReduction.Attach(retriever.Reducible, ReductionPolicy.Fixed, t) : null;
            if (reduction is not null)
            {
                reduction.GatherFeatures = false;
            }

            RetrievalTable.Print(RetrievalEvaluator.Evaluate(retriever, data, parsed.GetValue(split)!, reduction));
        });
        return command;
    }
}
