using Madtp.Kit.Text;

namespace Madtp.Kit.Data;

/// <summary>One example of NLVR2: is the sentence true of the two images?</summary>
/// <param name="Identifier">"split-set-pair-sentence".</param>
/// <param name="Synset">What the images show, where the file says so; in the toy world the kind of statement.</param>
public sealed record Nlvr2Example(
    string Sentence, string LeftImagePath, string RightImagePath, bool Label, string Identifier, string? Synset = null)
{
    /// <summary>Examples with the same sentence: the identifier without its pair. Consistency asks for all of a group to be
    /// right.</summary>
    public string Group =>
        Identifier.Split('-') is [var split, var set, _, var sentence] ? $"{split}-{set}-{sentence}" : Identifier;
}

/// <summary>A split of NLVR2 (Suhr et al. 2019), or of the toy world. Reads the original form (JSON lines with "sentence",
/// "label", "identifier", in training also "directory") and BLIP's (one JSON array with "sentence", "label", "images"); the
/// content tells which it is.</summary>
public static class Nlvr2Dataset
{
    /// <summary>Reads a split's annotations. Images are looked for when they are loaded, not here.</summary>
    /// <param name="imageFolder">Where the images are; null for the annotations' own folder.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A line or entry is malformed; the message names file and line.</exception>
    public static IReadOnlyList<Nlvr2Example> Load(string path, string? imageFolder = null)
    {
        var isBlip = JsonList.IsArray(path);
        var images = new ImageFolder(imageFolder ?? Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var file = new JsonList(path, isLines: !isBlip);
        var sentences = new Dictionary<string, List<string>>(); // of each set, in order of appearance
        Nlvr2Example[] examples =
        [
            .. isBlip
                ? file.Select((BlipRow row, int number) => BlipExample(row, number, images, sentences))
                : file.Select((OriginalRow row, int _) => OriginalExample(row, images)),
        ];
        return examples.Length > 0 ? examples : throw new InvalidDataException($"{path}: no example");
    }

    private static Nlvr2Example OriginalExample(OriginalRow row, ImageFolder images)
    {
        var parts = row.Identifier.Split('-');
        Guard.Data(parts.Length == 4 && !parts.Any(string.IsNullOrEmpty),
            $"\"identifier\" must be split-set-pair-sentence, not {Printable.Quoted(row.Identifier)}");
        string ImagePath(int side) =>
            images.Find(parts[0], row.Directory, $"{parts[0]}-{parts[1]}-{parts[2]}-img{side}.png");
        return new Nlvr2Example(row.Sentence, ImagePath(0), ImagePath(1), row.Label, row.Identifier, row.Synset);
    }

    private static Nlvr2Example BlipExample(
        BlipRow row, int number, ImageFolder images, Dictionary<string, List<string>> sentences)
    {
        Guard.Data(row.Images.Length == 2, $"\"images\" must name two images, not {row.Images.Length}");
        var identifier = IdentifierOf(row.Images[0], row.Sentence, sentences) ?? $"{number}";
        return new Nlvr2Example(
            row.Sentence, images.Find(row.Images[0]), images.Find(row.Images[1]), row.Label, identifier);
    }

    // BLIP's form keeps no identifier; the image's name holds all of it but the sentence's number, which order gives back.
    private static string? IdentifierOf(string image, string sentence, Dictionary<string, List<string>> sentences)
    {
        if (Path.GetFileNameWithoutExtension(image).Split('-') is not [var split, var set, var pair, "img0"])
            return null;

        var key = $"{split}-{set}";
        var known = sentences.TryGetValue(key, out var earlier) ? earlier : sentences[key] = [];
        var number = known.IndexOf(sentence);
        if (number < 0)
        {
            number = known.Count;
            known.Add(sentence);
        }

        return $"{split}-{set}-{pair}-{number}";
    }

    /// <summary>Finds images in any of the layouts they are kept in: below "images" or not, by split or not, training images in
    /// numbered folders or not. The first image of a split that is there shows which; the others follow it unseen.</summary>
    private sealed class ImageFolder(string root)
    {
        private const int Patience = 10_000; // images of a split that are looked for in vain
        private readonly Dictionary<string, int> layouts = []; // a candidate's index, or how many were in vain, negative

        /// <summary>An image of the original form, by split, numbered folder (training only) and name.</summary>
        public string Find(string split, string? directory, string name)
        {
            string[] numbered = directory is null ? [] : [$"images/{split}/{directory}/{name}", $"{split}/{directory}/{name}"];
            return Place($"{split} {directory is null}",
                [.. numbered, $"images/{split}/{name}", $"{split}/{name}", $"images/{name}", name]);
        }

        /// <summary>An image of BLIP's form, by the relative path that stands in the file.</summary>
        public string Find(string relative) => Place("*", [relative, $"images/{JsonRecord.FileIn("", relative)}"]);

        private string Place(string key, string[] candidates)
        {
            if (!layouts.TryGetValue(key, out var layout) || layout is < 0 and > -Patience)
            {
                var found = Array.FindIndex(candidates, candidate => File.Exists(JsonRecord.FileIn(root, candidate)));
                layouts[key] = layout = found < 0 ? layout - 1 : found;
            }

            // Where no candidate exists the usual place is named, and loading the image says that it is missing there.
            return JsonRecord.FileIn(root, candidates[Math.Max(0, layout)]);
        }
    }
    // Elements of the files.
    private sealed record OriginalRow(
        string Sentence, bool Label, string Identifier, string? Directory = null, string? Synset = null);

    private sealed record BlipRow(string Sentence, bool Label, string[] Images);
}
