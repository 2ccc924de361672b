namespace Madtp.Kit.Data.Toy;

/// <summary>Drawn pairs in NLVR2's form.</summary>
internal static class PairFiles
{
    // NLVR2 spreads its training images over numbered folders; so many sets share one here.
    private const int SetsPerDirectory = 100;

    /// <summary>Writes a split: PNG files, and of each corpus JSON lines and the patches' true classes.</summary>
    /// <param name="scenes">Of each pair the left one and the right one; four pairs in a row share a sentence.</param>
    /// <param name="images">The folder of the pictures.</param>
    /// <param name="corpora">The folder of each, and what it says of the pairs.</param>
    public static void Write(
        string split, IReadOnlyList<DrawnScene> scenes, string images, Painter painter,
        params (string Folder, IEnumerable<(string Sentence, bool Label, string Kind)> Said)[] corpora)
    {
        static (int Set, int Number) Place(int pair) => Math.DivRem(pair, ToyPair.PerSet);
        string Name(int image) => Place(image / 2) is var (set, number) ? Path.Combine(
            split, split == "train" ? $"{set / SetsPerDirectory}" : "", $"{split}-{set}-{number}-img{image % 2}.png") : "";
        var patches = painter.Paint(images, [.. scenes.Select((scene, image) => (scene, Name(image)))]);
        foreach (var (folder, said) in corpora)
        {
            var lines = said.Select((one, pair) => JsonSerializer.Serialize(Line(split, Place(pair), one)) + "\n");
            AtomicFile.Write(Path.Combine(folder, $"{split}.json"), string.Concat(lines));
            AtomicFile.Write(Path.Combine(folder, $"{split}.patches.bin"), stream => stream.Write(patches));
        }
    }

    private static Dictionary<string, object> Line(
        string split, (int Set, int Number) place, (string Sentence, bool Label, string Kind) said)
    {
        var line = new Dictionary<string, object>
        {
            ["sentence"] = said.Sentence,
            ["label"] = said.Label ? "True" : "False",
            ["synset"] = said.Kind,
            ["identifier"] = $"{split}-{place.Set}-{place.Number}-0",
        };
        if (split == "train")
        {
            line["directory"] = place.Set / SetsPerDirectory;
        }

        return line;
    }
}
