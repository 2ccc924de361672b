namespace Madtp.Kit.Data.Vqa;

/// <summary>An answer and how much it counts in training: the share of the ten people who gave it.</summary>
/// <param name="Text">The answer, as written.</param>
/// <param name="Weight">More than 0, at most 1.</param>
public sealed record VqaAnswer(string Text, float Weight)
{
    /// <summary>BLIP's weight of the single answer that a Visual Genome question has.</summary>
    public const float VisualGenomeWeight = 0.2f;

    /// <summary>Different answers in order of appearance, each weighted by how many gave it.</summary>
    /// <param name="given">One answer a person.</param>
    public static IReadOnlyList<VqaAnswer> Weigh(IReadOnlyList<string> given)
    {
        ArgumentNullException.ThrowIfNull(given);
        return [.. given.GroupBy(a => a).Select(g => new VqaAnswer(g.Key, (float)g.Count() / given.Count))];
    }
}
