using TorchSharp.Modules;

namespace Madtp.Kit.Training;

/// <summary>Tells the parameters that weight decay shrinks from those it leaves alone.</summary>
public static class WeightDecayGroups
{
    private static readonly string[] Undecayed = ["cls_token", "pos_embed", "space_dict", "word_embeddings.weight", "position_embeddings.weight", "class_embedding", "positional_embedding", "token_embedding.weight"];

    /// <summary>True for matrices of linear maps and convolutions; biases, norms, embeddings and learnable tokens keep their size.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <param name="dimensions">How many dimensions it has.</param>
    public static bool Decays(string name, int dimensions)
    {
        ArgumentNullException.ThrowIfNull(name);
        return dimensions >= 2 && !Undecayed.Any(tail => name == tail || name.EndsWith($".{tail}", StringComparison.Ordinal));
    }

    /// <summary>The two groups AdamW takes.</summary>
    internal static IReadOnlyList<AdamW.ParamGroup> Split(IEnumerable<(string Name, Parameter Parameter)> parameters, TrainingSettings settings)
    {
        var byDecay = parameters.ToLookup(p => Decays(p.Name, p.Parameter.shape.Length), p => p.Parameter);
        return
        [
            Group(byDecay[true], settings, settings.WeightDecay),
            Group(byDecay[false], settings, 0),
        ];
    }

    private static AdamW.ParamGroup Group(IEnumerable<Parameter> parameters, TrainingSettings settings, double decay) =>
        new([.. parameters], settings.LearningRate, settings.Beta1, settings.Beta2, weight_decay: decay);
}
