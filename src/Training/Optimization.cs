using TorchSharp.Modules;

namespace Madtp.Kit.Training;

/// <summary>Tells the parameters that weight decay shrinks from those it leaves alone.</summary>
public static class WeightDecayGroups
{
    private static readonly string[] Undecayed =
    [
        "cls_token", "pos_embed", "space_dict", "word_embeddings.weight", "position_embeddings.weight", "class_embedding",
        "positional_embedding", "token_embedding.weight",
    ];

    /// <summary>True for matrices of linear maps and convolutions; biases, norms, embeddings and learnable tokens stay.</summary>
    public static bool Decays(string name, int dimensions)
    {
        ArgumentNullException.ThrowIfNull(name);
        return dimensions >= 2 && !Undecayed.Any(tail => name == tail || name.EndsWith($".{tail}", StringComparison.Ordinal));
    }

    /// <summary>The two groups AdamW takes.</summary>
    internal static IReadOnlyList<AdamW.ParamGroup> Split(
        IEnumerable<(string Name, Parameter Parameter)> parameters, TrainingSettings settings)
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

/// <summary>A learning rate that rises linearly from zero and falls along half a cosine.</summary>
/// <param name="Peak">The rate at the end of the warm-up.</param>
/// <param name="WarmupSteps">Steps of the rise.</param>
/// <param name="TotalSteps">Steps in all.</param>
/// <param name="Final">The rate that the last step comes close to.</param>
public sealed record CosineSchedule(double Peak, int WarmupSteps, int TotalSteps, double Final = 0)
{
    /// <summary>The rate of a step, counted from 0: Peak·(step + 1)/WarmupSteps at first, then Final + (Peak − Final)·(1 + cos
    /// πt)/2, t from 0 to 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is negative.</exception>
    public double At(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step < WarmupSteps)
        {
            return Peak * (step + 1) / WarmupSteps;
        }

        var done = Math.Min(1, (double)(step - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps));
        return Final + ((Peak - Final) * (1 + Math.Cos(Math.PI * done)) / 2);
    }
}
