using Madtp.Kit.Figures;
using Plotly.NET;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

/// <summary>A small chart, and the browsers that draw it.</summary>
internal static class SampleChart
{
    public static GenericChart Of(string title) =>
        Plotly.NET.CSharp.Chart.Line<int, double, string>([1, 2, 3], [3, 1, 2], Name: title, ShowMarkers: true)
            .WithTitle(title).WithAxisTitles("step", "loss");

    public static StaticFigure Draw(string title) =>
        Plotly.NET.CSharp.GenericChartExtensions.WithSize(Of(title), 640, 400).Draw();

    public static void NeedsBrowser() =>
        Assert.SkipWhen(ChartBrowser.Missing is not null, $"no static pictures of charts here: {ChartBrowser.Missing}");

    /// <summary>Chromium's main processes that a process started for its charts.</summary>
    public static int[] BrowsersOf(int process) =>
    [
        .. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(int.Parse!)
            .Where(id => IsBrowserOf(process, id)),
    ];

    /// <summary>Waits until a process's browser has ended.</summary>
    public static bool HaveEnded(int process)
    {
        for (var i = 0; i < 100 && BrowsersOf(process).Length > 0; i++)
            Thread.Sleep(100);

        return BrowsersOf(process).Length == 0;
    }

    private static bool IsBrowserOf(int process, int id)
    {
        try
        {
            var command = File.ReadAllText($"/proc/{id}/cmdline");
            return command.Contains($"madtp-kit-chromium-{process}-", StringComparison.Ordinal)
                && !command.Contains("--type=", StringComparison.Ordinal)
                && !command.Contains("crashpad", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
