using Madtp.Kit.Data.Json;

namespace Madtp.Kit.Data.Captions;

/// <summary>The ground truth that captions are scored against: COCO's annotation files, and BLIP's "…_gt.json" of the same form.</summary>
public static class CocoCaptions
{
    /// <summary>The captions of each image, by COCO's image number, in the file's order.</summary>
    /// <param name="path">A file with "annotations", each with "image_id" and "caption".</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is malformed; the message names the line.</exception>
    public static IReadOnlyDictionary<long, IReadOnlyList<string>> Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"no captions at '{path}'", path);
        }

        var captions = new Dictionary<long, IReadOnlyList<string>>();
        foreach (var record in JsonArrayScanner.Records(path, "annotations"))
        {
            var image = record.Number("image_id");
            if (!captions.TryGetValue(image, out var known))
            {
                captions[image] = known = new List<string>();
            }

            ((List<string>)known).Add(record.Text("caption"));
        }

        return captions;
    }
}
