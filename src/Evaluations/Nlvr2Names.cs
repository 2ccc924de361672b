namespace Madtp.Kit.Evaluations;

/// <summary>What NLVR2's annotation files are called.</summary>
internal static class Nlvr2Names
{
    // BLIP's files of the splits are called otherwise.
    private static readonly Dictionary<string, string> Blip = new(StringComparer.Ordinal) { ["test1"] = "nlvr_test.json" };

    /// <summary>The vocabularies that statements may be read with.</summary>
    public static string[] Vocabularies { get; } = ["vocab.txt", "bert-base-uncased-vocab.txt"];

    /// <summary>The names of a split's file, the makers' own first.</summary>
    public static string[] Of(string split) => [$"{split}.json", Blip.GetValueOrDefault(split, $"nlvr_{split}.json")];
}
