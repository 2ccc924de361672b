namespace Madtp.Kit.Figures;

/// <summary>
/// What is pruned, to be looked at by hand: a page of its own, without network, libraries or server. Pick a sample, slide the block and
/// the temperature, point at a patch or a word for its three scores.
/// </summary>
public static class KeepMapPage
{
    /// <summary>
    /// Writes the page into the folder of figures, first under another name, so that no half of it is ever found.
    /// </summary>
    /// <param name="name">The file's name without its ending, or a path that ends in .html.</param>
    /// <param name="title">What stands on top.</param>
    /// <param name="samples">What can be picked.</param>
    /// <returns>The file's path.</returns>
    /// <exception cref="ArgumentException">No sample is given, or samples do not fit together; the message says which.</exception>
    public static string Write(string name, string title, IReadOnlyList<KeepMapSample> samples)
    {
        ArgumentNullException.ThrowIfNull(name);
        var path = name.EndsWith(".html", StringComparison.OrdinalIgnoreCase) ? name : Path.Combine(FigureFolder.Path, name + ".html");
        FigureFolder.Write(path, Html(title, samples));
        return path;
    }

    /// <summary>The page as one document: the same characters for the same data.</summary>
    /// <param name="title">What stands on top.</param>
    /// <param name="samples">What can be picked.</param>
    /// <exception cref="ArgumentException">No sample is given, or samples do not fit together; the message says which.</exception>
    public static string Html(string title, IReadOnlyList<KeepMapSample> samples)
    {
        ArgumentNullException.ThrowIfNull(title);
        KeepMapCheck.All(samples);
        return Part("keep-map.html")
            .Replace("{{title}}", System.Net.WebUtility.HtmlEncode(title), StringComparison.Ordinal)
            .Replace("{{style}}", Part("keep-map.css"), StringComparison.Ordinal)
            .Replace("{{script}}", Part("keep-map.js"), StringComparison.Ordinal)
            .Replace("{{data}}", KeepMapJson.Of(samples), StringComparison.Ordinal);
    }

    /// <summary>A file of the folder Page.</summary>
    internal static string Part(string name)
    {
        using var stream = typeof(KeepMapPage).Assembly.GetManifestResourceStream("Madtp.Kit.Page." + name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
