using Plotly.NET;
using Plotly.NET.ImageExport;
using PuppeteerSharp;

namespace Madtp.Kit.Figures;

/// <summary>The Chromium that draws charts without a window: started for the first static picture, kept for the next, ended with
/// this process. It takes its orders from a pipe and listens on no port, so that it ends when this process is killed.</summary>
internal static class ChartBrowser
{
    private const string Draw = """
        (figure, options, seed) => {
            // Plotly.js numbers at random what it clips: numbers that follow from the figure make its picture the same each time.
            Math.random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 4294967296;
            return Plotly.toImage(JSON.parse(figure), options);
        }
        """;

    private static readonly string[] Programs =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

    private static readonly string[] Options =
        ["--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none", "--force-color-profile=srgb"];

    private static readonly Lock Gate = new();
    private static IBrowser? browser;
    private static IPage? page;
    private static DirectoryInfo? profile;
    private static string? missing;
    private static bool said;

    static ChartBrowser() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Close();

    /// <summary>The program: <c>KIT_BROWSER</c>, else Plotly.NET.ImageExport's, else the first in <c>PATH</c>; or null.</summary>
    public static string? Program => Environment.GetEnvironmentVariable("KIT_BROWSER") is { Length: > 0 } chosen
        ? chosen
        : PuppeteerSharpRendererOptions.localBrowserExecutablePath?.Value ?? OnPath();

    /// <summary>Whether <c>KIT_FIGURES_STATIC</c> is 0: nobody wants a browser.</summary>
    private static bool IsSwitchedOff => Environment.GetEnvironmentVariable("KIT_FIGURES_STATIC") == "0";

    /// <summary>Why there are no static pictures of charts, in a sentence; null where nothing stands in the way so far.</summary>
    public static string? Missing => missing ?? Program switch
    {
        _ when IsSwitchedOff => "KIT_FIGURES_STATIC is 0, so no browser is started.",
        null => "no Chromium or Chrome was found: install one (`apt-get install chromium`), or name it in KIT_BROWSER.",
        { } program when !File.Exists(program) => $"KIT_BROWSER is '{program}', which is no file: name a Chromium or Chrome.",
        _ => null,
    };

    /// <summary>The chart as an SVG document, the same characters for the same chart; null where there is no browser.</summary>
    public static string? Svg(ChartLook chart) => Data(chart, "svg", 1) is { } data ? Uri.UnescapeDataString(data) + "\n" : null;

    /// <summary>The chart as a PNG file; null where there is no browser.</summary>
    /// <exception cref="InvalidOperationException">plotly.js refuses the chart.</exception>
    public static byte[]? Png(ChartLook chart, double scale) =>
        Data(chart, "png", scale) is { } data ? Convert.FromBase64String(data) : null;

    /// <summary>Says once in this process why charts get no pictures, unless that was said where it was decided.</summary>
    public static void SayMissing()
    {
        if (!said && !IsSwitchedOff && Missing is { } reason)
        {
            said = true;
            Console.Error.WriteLine($"Charts are interactive only, without files in the folder of figures: {reason}");
        }
    }

    /// <summary>What stands in the picture's <c>data:</c> address.</summary>
    private static string? Data(ChartLook chart, string format, double scale)
    {
        var options = new { format, width = chart.Width, height = chart.Height, scale };
        var seed = BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(chart.Json)));
        lock (Gate)
        {
            // A browser that served may have been ended, as by an interrupt to all of a kernel's processes: then another.
            for (var mayRetry = browser is not null; Missing is null;)
            {
                try
                {
                    var url = Task.Run(Evaluate).GetAwaiter().GetResult();
                    return url[(url.IndexOf(',', StringComparison.Ordinal) + 1)..];
                }
                catch (EvaluationFailedException e) when (browser is { IsConnected: true })
                {
                    throw new InvalidOperationException($"plotly.js cannot draw the chart '{chart.Title}': {FirstLine(e)}", e);
                }
                catch (Exception e)
                {
                    Close();
                    missing = mayRetry ? null : $"{Program} did not start ({FirstLine(e)}); KIT_BROWSER names another program.";
                    mayRetry = false;
                }
            }

            return null;
        }

        async Task<string> Evaluate()
        {
            if (browser is not { IsConnected: true } || page is not { IsClosed: false })
            {
                Close();
                await Start();
            }

            return await page!.EvaluateFunctionAsync<string>(Draw, chart.Json, options, seed);
        }
    }

    private static async Task Start()
    {
        profile = Directory.CreateTempSubdirectory($"madtp-kit-chromium-{Environment.ProcessId}-");
        browser = await Puppeteer.LaunchAsync(new LaunchOptions
        {
            ExecutablePath = Program,
            UserDataDir = profile.FullName,
            Pipe = true,
            // Chromium refuses its sandbox to root; it shows nothing but our own charts.
            Args = Environment.IsPrivilegedProcess ? [.. Options, "--no-sandbox"] : Options,
            ProtocolTimeout = 60_000,
        });
        page = await browser.NewPageAsync();
        await page.SetOfflineModeAsync(true);
        await page.AddScriptTagAsync(new AddTagOptions { Content = InteractiveChart.Source(typeof(GenericChart).Assembly) });
    }

    private static void Close()
    {
        try
        {
            browser?.Dispose();
            browser?.Process?.WaitForExit(2000);
            profile?.Delete(recursive: true);
        }
        catch (Exception)
        {
            // It is gone already, or goes when its pipe closes; what it holds on to stays among the machine's temporary files.
        }

        (browser, page) = (null, null);
    }

    private static string? OnPath() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(folder => Programs.Select(program => Path.Combine(folder, program))).FirstOrDefault(File.Exists);

    private static string FirstLine(Exception e) => e.Message.Split('\n')[0].Trim();
}
