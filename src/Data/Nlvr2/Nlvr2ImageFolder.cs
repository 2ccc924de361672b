namespace Madtp.Kit.Data.Nlvr2;

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
