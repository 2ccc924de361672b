using System.Collections;
using Madtp.Kit.Data.Json;

namespace Madtp.Kit.Data.Nlvr2;

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
