using System.Security.Cryptography;
using System.Text;
using Plotly.NET;
using Plotly.NET.ImageExport;
using PuppeteerSharp;

namespace Madtp.Kit.Figures;

/// <summary>
/// The Chromium that draws charts without a window: started for the first static picture, kept for the next, ended with this process.
/// It takes its orders from a pipe and listens on no port, so that it ends by itself when this process is killed.
/// </summary>
internal static class ChartBrowser
{
    private const string ProfilePrefix = "madtp-kit-chromium-";
    private const string Draw = """
        (figure, options, seed) => {
            // Plotly.js numbers what it clips at random; numbers that follow from the figure make its picture the same every time.
            Math.random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 4294967296;
            return Plotly.toImage(JSON.parse(figure), options);
        }
        """;

    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    private static readonly Lock Gate = new();
    private static IBrowser? browser;
    private static IPage? page;
    private static DirectoryInfo? profile;
    private static string? missing;
    private static bool said;

    static ChartBrowser() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Close();

    /// <summary>The program: <c>KIT_BROWSER</c>, else the one chosen for Plotly.NET.ImageExport, else the first in <c>PATH</c>; or null.</summary>
    public static string? Program => Environment.GetEnvironmentVariable("KIT_BROWSER") is { Length: > 0 } chosen
        ? chosen
        : PuppeteerSharpRendererOptions.localBrowserExecutablePath?.Value ?? OnPath();

    /// <summary>Why there are no static pictures of charts, in a sentence; null where nothing stands in the way so far.</summary>
    public static string? Missing => missing ?? Program switch
    {
        null => "no Chromium or Chrome was found: install one (`apt-get install chromium`), or name its program in KIT_BROWSER.",
        { } program when !File.Exists(program) => $"KIT_BROWSER is '{program}', which is no file: name Chromium's or Chrome's program.",
        _ => null,
    };

    /// <summary>The chart as an SVG document, the same characters for the same chart; null where there is no browser.</summary>
    public static string? Svg(ChartLook chart) =>
        Image(chart, "svg", 1) is { } url ? Uri.UnescapeDataString(url[(url.IndexOf(',', StringComparison.Ordinal) + 1)..]) + "\n" : null;

    /// <summary>The chart as a PNG file; null where there is no browser.</summary>
    public static byte[]? Png(ChartLook chart, double scale) =>
        Image(chart, "png", scale) is { } url ? Convert.FromBase64String(url[(url.IndexOf(',', StringComparison.Ordinal) + 1)..]) : null;

    /// <summary>Says once in this process why charts get no static pictures.</summary>
    public static void SayMissing()
    {
        if (!said && Missing is { } reason)
        {
            said = true;
            Console.Error.WriteLine($"Charts are interactive only, and their files in the folder of figures are not written: {reason}");
        }
    }

    private static string? Image(ChartLook chart, string format, double scale)
    {
        lock (Gate)
        {
            if (Missing is not null)
            {
                return null;
            }

            var options = new { format, width = chart.Width, height = chart.Height, scale };
            var seed = BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(chart.Json)));
            try
            {
                return Wait(() => Evaluate(chart.Json, options, seed));
            }
            catch (Exception e) when (e is PuppeteerException or ObjectDisposedException or IOException)
            {
                // Somebody may have ended it since; a second failure in a row has another reason.
                return Retried(chart, options, seed);
            }
        }
    }

    private static string? Retried(ChartLook chart, object options, uint seed)
    {
        Close();
        try
        {
            return Wait(() => Evaluate(chart.Json, options, seed));
        }
        catch (Exception e) when (e is PuppeteerException or ObjectDisposedException or IOException)
        {
            Close();
            missing = $"{Program} did not draw a chart ({e.Message.Split('\n')[0].Trim()}); KIT_BROWSER names another program.";
            return null;
        }
    }

    private static async Task<string> Evaluate(string figure, object options, uint seed)
    {
        if (browser is not { IsConnected: true } || page is not { IsClosed: false })
        {
            await Start();
        }

        return await page!.EvaluateFunctionAsync<string>(Draw, figure, options, seed);
    }

    private static async Task Start()
    {
        DeleteProfiles();
        profile = Directory.CreateTempSubdirectory($"{ProfilePrefix}{Environment.ProcessId}-");
        browser = await Puppeteer.LaunchAsync(new LaunchOptions
        {
            ExecutablePath = Program,
            UserDataDir = profile.FullName,
            Pipe = true,
            // Chromium refuses its sandbox to root; it shows nothing but our own charts.
            Args = ["--disable-gpu", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND", .. Environment.IsPrivilegedProcess ? ["--no-sandbox"] : Array.Empty<string>()],
        });
        page = await browser.NewPageAsync();
        await page.AddScriptTagAsync(new AddTagOptions { Content = InteractiveChart.Source(typeof(GenericChart).Assembly) });
    }

    private static void Close()
    {
        try
        {
            browser?.Dispose();
            browser?.Process?.WaitForExit(2000);
        }
        catch (Exception e) when (e is PuppeteerException or InvalidOperationException or IOException)
        {
        }

        (browser, page) = (null, null);
        Delete(profile);
    }

    /// <summary>Those of processes that were killed.</summary>
    private static void DeleteProfiles()
    {
        foreach (var folder in new DirectoryInfo(Path.GetTempPath()).EnumerateDirectories(ProfilePrefix + "*"))
        {
            if (int.TryParse(folder.Name[ProfilePrefix.Length..].Split('-')[0], out var id) && !Directory.Exists($"/proc/{id}"))
            {
                Delete(folder);
            }
        }
    }

    private static void Delete(DirectoryInfo? folder)
    {
        try
        {
            folder?.Delete(recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static string? OnPath() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(folder => Programs.Select(program => Path.Combine(folder, program))).FirstOrDefault(File.Exists);

    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();
}
