using System.Collections;

namespace Madtp.Kit.Data;

/// <summary>One example of NLVR2: is the sentence true of the two images?</summary>
/// <param name="Sentence">The statement, as written.</param>
/// <param name="LeftImagePath">The left image's file.</param>
/// <param name="RightImagePath">The right image's file.</param>
/// <param name="Label">Whether the statement is true.</param>
/// <param name="Identifier">"split-set-pair-sentence".</param>
public sealed record Nlvr2Example(string Sentence, string LeftImagePath, string RightImagePath, bool Label, string Identifier)
{
    /// <summary>What the images show, where the file says so; in the toy world the kind of statement. Scores can be split by it.</summary>
    public string? Synset { get; init; }

    /// <summary>Examples with the same sentence: the identifier without its pair. Consistency asks for all of a group to be right.</summary>
    public string Group
    {
        get
        {
            var parts = Identifier.Split('-');
            return parts.Length == 4 ? $"{parts[0]}-{parts[1]}-{parts[3]}" : Identifier;
        }
    }
}

/// <summary>
/// A split of NLVR2 (Suhr et al. 2019), or of the toy world. Reads the original form (JSON lines with "sentence", "label",
/// "identifier", in training also "directory") and BLIP's (one JSON array with "sentence", "label", "images"); the content
/// tells which it is.
/// </summary>
public sealed class Nlvr2Dataset : IReadOnlyList<Nlvr2Example>
{
    private readonly List<Nlvr2Example> examples;

    private Nlvr2Dataset(string path, List<Nlvr2Example> examples)
    {
        Path = path;
        this.examples = examples;
    }

    /// <summary>The annotation file.</summary>
    public string Path { get; }

    /// <summary>How many examples there are.</summary>
    public int Count => examples.Count;

    /// <summary>An example, in the file's order.</summary>
    /// <param name="index">From 0.</param>
    public Nlvr2Example this[int index] => examples[index];

    /// <summary>Reads a split's annotations. Images are looked for when they are loaded, not here.</summary>
    /// <param name="path">The annotation file.</param>
    /// <param name="imageFolder">Where the images are; null for the annotations' own folder.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A line or entry is malformed; the message names file and line.</exception>
    public static Nlvr2Dataset Load(string path, string? imageFolder = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"no NLVR2 annotations at '{path}'", path);
        }

        var images = new Nlvr2ImageFolder(imageFolder ?? System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        var examples = JsonArrayScanner.FirstCharacter(path) == '['
            ? BlipForm(path, images)
            : [.. JsonLines.Read(path).Select(record => OriginalExample(record, images))];
        return examples.Count > 0 ? new Nlvr2Dataset(path, examples) : throw new InvalidDataException($"{path}: no example");
    }

    /// <inheritdoc/>
    public IEnumerator<Nlvr2Example> GetEnumerator() => examples.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static Nlvr2Example OriginalExample(JsonRecord record, Nlvr2ImageFolder images)
    {
        var identifier = record.Text("identifier");
        var parts = identifier.Split('-');
        if (parts.Length != 4 || parts.Any(string.IsNullOrEmpty))
        {
            throw record.Error($"\"identifier\" must be split-set-pair-sentence, not \"{identifier}\"");
        }

        var directory = record.Label("directory");
        string ImagePath(int side) => images.Find(parts[0], directory, $"{parts[0]}-{parts[1]}-{parts[2]}-img{side}.png");
        return new Nlvr2Example(record.Text("sentence"), ImagePath(0), ImagePath(1), record.Truth("label"), identifier) { Synset = record.Label("synset") };
    }

    private static List<Nlvr2Example> BlipForm(string path, Nlvr2ImageFolder images)
    {
        var examples = new List<Nlvr2Example>();
        var sentences = new Dictionary<string, List<string>>(); // of each set, in order of appearance
        foreach (var record in JsonArrayScanner.Records(path))
        {
            var pair = record.Texts("images");
            if (pair.Length != 2)
            {
                throw record.Error($"\"images\" must name two images, not {pair.Length}");
            }

            var sentence = record.Text("sentence");
            var identifier = IdentifierOf(pair[0], sentence, sentences) ?? $"{examples.Count}";
            examples.Add(new Nlvr2Example(sentence, images.Find(pair[0]), images.Find(pair[1]), record.Truth("label"), identifier));
        }

        return examples;
    }

    // BLIP's form keeps no identifier; the image's name holds all of it but the sentence's number, which order gives back.
    private static string? IdentifierOf(string image, string sentence, Dictionary<string, List<string>> sentences)
    {
        var parts = System.IO.Path.GetFileNameWithoutExtension(image).Split('-');
        if (parts is not [var split, var set, var pair, "img0"])
        {
            return null;
        }

        var key = $"{split}-{set}";
        if (!sentences.TryGetValue(key, out var known))
        {
            sentences[key] = known = [];
        }

        var number = known.IndexOf(sentence);
        if (number < 0)
        {
            number = known.Count;
            known.Add(sentence);
        }

        return $"{split}-{set}-{pair}-{number}";
    }
}

/// <summary>
/// Finds images in any of the layouts they are kept in: below "images" or not, by split or not, training images in numbered
/// folders or not. The first image of a split shows which; the others follow it without another look at the disk.
/// </summary>
internal sealed class Nlvr2ImageFolder(string root)
{
    private readonly Dictionary<string, string> layouts = [];

    /// <summary>An image of the original form, by split, numbered folder (training only) and name.</summary>
    public string Find(string split, string? directory, string name)
    {
        string[] candidates = directory is null
            ? [$"images/{split}/{{0}}", $"{split}/{{0}}", $"images/{{0}}", "{0}"]
            : [$"images/{split}/{{1}}/{{0}}", $"{split}/{{1}}/{{0}}", $"images/{split}/{{0}}", $"{split}/{{0}}", "{0}"];
        return Place(directory is null ? split : $"{split}/", candidates, name, directory);
    }

    /// <summary>An image of BLIP's form, by the relative path that stands in the file.</summary>
    public string Find(string relative) => Place("*", ["{0}", "images/{0}"], relative, null);

    private string Place(string key, string[] candidates, string name, string? directory)
    {
        if (!layouts.TryGetValue(key, out var layout))
        {
            // Where no candidate exists the usual place is named, and loading the image says that it is missing there.
            layout = candidates.FirstOrDefault(c => File.Exists(Full(c, name, directory))) ?? candidates[0];
            layouts[key] = layout;
        }

        return Full(layout, name, directory);
    }

    private string Full(string layout, string name, string? directory) => Path.Combine(root, string.Format(null, layout, name, directory));
}
