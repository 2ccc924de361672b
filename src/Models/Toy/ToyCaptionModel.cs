using Madtp.Kit.Models.Blip;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Models.Toy;

/// <summary>A trained toy BLIP for captioning.</summary>
/// <param name="Model">The model, in evaluation mode.</param>
/// <param name="Temperature">T that its budget was met at; null for a model trained without reduction.</param>
public sealed record ToyCaptionModel(BlipCaptioner Model, double? Temperature)
{
    /// <summary>What lies beside the weights: seed, scores.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Attaches MADTP at the model's own temperature; dispose the handle to have the plain model back.</summary>
    /// <param name="temperature">Another temperature.</param>
    /// <exception cref="InvalidOperationException">The model was trained without reduction and no temperature is given.</exception>
    public TokenReduction Attach(double? temperature = null)
    {
        var chosen = temperature ?? Temperature ?? throw new InvalidOperationException("these weights were trained without reduction: give a temperature, or load the fine-tuned ones");
        return TokenReduction.Attach(Model, ReductionPolicy.Fixed, chosen);
    }
}
