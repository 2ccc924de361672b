using System.Text.Json;
using System.Text.Json.Nodes;
using Madtp.Kit.Figures;
using PuppeteerSharp;
using Xunit;

namespace Madtp.Kit.Tests.Figures.Browser;

/// <summary>A page in a Chromium without a window and without network, used by pointer, keys and screenshots.</summary>
internal sealed class HeadlessBrowser : IAsyncDisposable
{
    private readonly IBrowser browser;
    private readonly IPage page;

    private HeadlessBrowser(IBrowser browser, IPage page)
    {
        (this.browser, this.page) = (browser, page);
        page.PageError += (_, error) => Errors.Add(error.Message);
        page.Console += (_, said) =>
        {
            if (said.Message.Type == ConsoleType.Error)
                Errors.Add(said.Message.Text);
        };
        page.Request += (_, asked) => Requests.Add(asked.Request.Url);
    }

    /// <summary>Exceptions that scripts threw, and what they wrote as errors.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Addresses that the page asked for, itself among them.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Opens a page; skips the test where no browser is installed.</summary>
    public static async Task<HeadlessBrowser> Open(string url, int width, int height, bool dark = false, bool scripts = true)
    {
        Assert.SkipWhen(ChartBrowser.Program is null, "no Chromium is installed (apt-get install chromium) to look at the page");
        var browser = await Puppeteer.LaunchAsync(new LaunchOptions
        {
            ExecutablePath = ChartBrowser.Program,
            Pipe = true,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"],
            DefaultViewport = new ViewPortOptions { Width = width, Height = height },
        });
        try
        {
            var page = new HeadlessBrowser(browser, await browser.NewPageAsync());
            await page.page.SetJavaScriptEnabledAsync(scripts);
            await page.page.EmulateMediaFeaturesAsync(
                [new() { MediaFeature = MediaFeature.PrefersColorScheme, Value = dark ? "dark" : "light" }]);
            await page.page.GoToAsync(url, WaitUntilNavigation.Load);
            return page;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>The value of an expression in the page.</summary>
    public async Task<JsonNode?> Evaluate(string expression) =>
        JsonNode.Parse(await page.EvaluateExpressionAsync<string>(
            $"Promise.resolve({expression}).then(value => JSON.stringify(value ?? null))"));

    /// <summary>Waits until an expression holds.</summary>
    public async Task Until(string expression) => await page.WaitForExpressionAsync(expression);

    /// <summary>The text of an element.</summary>
    public async Task<string> Text(string selector) =>
        (await Evaluate($"document.querySelector({JsonSerializer.Serialize(selector)}).textContent"))!.GetValue<string>();

    /// <summary>Moves the pointer over an element.</summary>
    public async Task Hover(string selector) => await page.HoverAsync(selector);

    /// <summary>Clicks an element.</summary>
    public async Task Click(string selector) => await page.ClickAsync(selector);

    /// <summary>Presses a key: "ArrowRight", "Tab", ….</summary>
    public async Task Press(string key) => await page.Keyboard.PressAsync(key);

    /// <summary>What is seen, as a PNG file.</summary>
    public async Task<byte[]> Screenshot() => await page.ScreenshotDataAsync();

    public async ValueTask DisposeAsync() => await browser.DisposeAsync();
}
