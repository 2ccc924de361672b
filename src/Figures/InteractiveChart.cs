using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Reflection;
using System.Text.Json.Nodes;

namespace Madtp.Kit.Figures;

/// <summary>A chart that answers to the pointer, as a piece of HTML that needs nothing from anywhere. Each piece carries
/// plotly.js packed (1.4 MB rather than 3.6) and a page unpacks it once, whichever piece comes first: so every chart still works
/// when cells are run in another order, deleted, or shown only once they are scrolled to. The kernel has this file too.</summary>
internal static class InteractiveChart
{
    private static readonly ConcurrentDictionary<Assembly, string> Packed = new();

    /// <summary>The piece of HTML.</summary>
    /// <param name="json">The figure: <c>data</c>, <c>layout</c> and <c>config</c>.</param>
    /// <param name="title">What it shows, for pages that run no scripts.</param>
    /// <param name="plotly">The assembly of Plotly.NET, which carries plotly.js.</param>
    public static string Html(string json, string title, Assembly plotly)
    {
        // Written anew, so that no text in it can end the script.
        var figure = JsonNode.Parse(json)!.ToJsonString();
        return Part("chart.html")
            .Replace("{{id}}", $"chart-{Guid.NewGuid():N}", StringComparison.Ordinal)
            .Replace("{{plotly}}", Packed.GetOrAdd(plotly, Pack), StringComparison.Ordinal)
            .Replace("{{figure}}", figure, StringComparison.Ordinal)
            .Replace("{{title}}", WebUtility.HtmlEncode(title), StringComparison.Ordinal);
    }

    /// <summary>plotly.js as the package has it.</summary>
    /// <exception cref="InvalidOperationException">The assembly carries none.</exception>
    public static string Source(Assembly plotly)
    {
        var name = Array.Find(plotly.GetManifestResourceNames(), each => each.EndsWith(".min.js", StringComparison.Ordinal))
            ?? throw new InvalidOperationException(
                $"{plotly.GetName().Name} {plotly.GetName().Version} carries no plotly.js: for charts use Plotly.NET 6.");
        using var reader = new StreamReader(plotly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    /// <summary>A file of the folder Page.</summary>
    public static string Part(string name)
    {
        using var stream = typeof(InteractiveChart).Assembly.GetManifestResourceStream("Madtp.Kit.Page." + name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string Pack(Assembly plotly)
    {
        using var bytes = new MemoryStream();
        using (var writer = new StreamWriter(new GZipStream(bytes, CompressionLevel.SmallestSize)))
            writer.Write(Source(plotly));

        return Convert.ToBase64String(bytes.ToArray());
    }
}
