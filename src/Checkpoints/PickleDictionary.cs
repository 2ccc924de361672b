namespace Madtp.Kit.Checkpoints;

/// <summary>A dictionary of a pickle, in the order it was filled; keys are kept as they came, so that hashing runs no foreign rule.</summary>
internal sealed class PickleDictionary
{
    /// <summary>Keys and values in order.</summary>
    public List<KeyValuePair<object?, object?>> Items { get; } = [];
}
