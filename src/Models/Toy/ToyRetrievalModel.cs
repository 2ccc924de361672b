using Madtp.Kit.Models.Blip;

namespace Madtp.Kit.Models.Toy;

/// <summary>A trained toy BLIP for retrieval.</summary>
/// <param name="Model">The model, in evaluation mode, without training copies.</param>
/// <param name="Temperature">T that its budget was met at; null for a model trained without reduction.</param>
public sealed record ToyRetrievalModel(BlipRetrieval Model, double? Temperature)
{
    /// <summary>What lies beside the weights: seed, scores.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}
