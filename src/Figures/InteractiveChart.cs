using System.IO.Compression;
using System.Net;
using System.Reflection;
using System.Text.Json.Nodes;

namespace Madtp.Kit.Figures;

/// <summary>
/// A chart that answers to the pointer, as a piece of HTML that needs nothing from anywhere. Each piece carries plotly.js packed
/// (1.4 MB rather than 3.6) and a page unpacks it once, whichever piece comes first: so every chart still works when cells are
/// run in another order, deleted, or shown only once they are scrolled to. The kernel has this file too.
/// </summary>
internal static class InteractiveChart
{
    private static readonly Lock Gate = new();
    private static string? packed;

    /// <summary>The piece of HTML.</summary>
    /// <param name="json">The figure: <c>data</c>, <c>layout</c> and <c>config</c>.</param>
    /// <param name="title">What it shows, for pages that run no scripts.</param>
    /// <param name="plotly">The assembly of Plotly.NET, which carries plotly.js.</param>
    public static string Html(string json, string title, Assembly plotly)
    {
        // Written anew, so that no text in it can end the script.
        var figure = JsonNode.Parse(json)!.ToJsonString();
        var id = $"chart-{Guid.NewGuid():N}";
        return $$$"""
            <div id="{{{id}}}" style="overflow-x:auto">
            <i>{{{WebUtility.HtmlEncode(title)}}}: trust this notebook, or run the cell, to see the chart</i></div>
            <script>
            (async () => {
                window.kitPlotly ??= (async packed => {
                    const bytes = Uint8Array.from(atob(packed), letter => letter.charCodeAt(0));
                    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
                    const source = await new Response(unpacked).text();
                    // As a module of its own: pages with a module loader would claim the library otherwise.
                    const script = document.createElement("script");
                    script.textContent = "window.kitPlotlyModule = {exports: {}}; (function (module, exports, define) {" + source
                        + "\n})(window.kitPlotlyModule, window.kitPlotlyModule.exports);";
                    document.head.appendChild(script);
                    return window.kitPlotlyModule.exports;
                })("{{{Packed(plotly)}}}");
                const plotly = await window.kitPlotly, place = document.getElementById("{{{id}}}");
                place.textContent = "";
                await plotly.newPlot(place, {{{figure}}});
            })();
            </script>
            """;
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

    private static string Packed(Assembly plotly)
    {
        lock (Gate)
        {
            if (packed is null)
            {
                using var bytes = new MemoryStream();
                using (var writer = new StreamWriter(new GZipStream(bytes, CompressionLevel.SmallestSize)))
                {
                    writer.Write(Source(plotly));
                }

                packed = Convert.ToBase64String(bytes.ToArray());
            }

            return packed;
        }
    }
}
