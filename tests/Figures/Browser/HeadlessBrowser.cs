using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Madtp.Kit.Tests.Figures.Browser;

/// <summary>A Chromium without a window, driven over its DevTools protocol as a hand would: pointer, keys, screenshots.</summary>
internal sealed class HeadlessBrowser : IAsyncDisposable
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    private readonly Process process;
    private readonly TemporaryFolder profile;
    private readonly ClientWebSocket socket = new();
    private int last;

    private HeadlessBrowser(Process process, TemporaryFolder profile) => (this.process, this.profile) = (process, profile);

    /// <summary>Exceptions that scripts threw, and what they wrote as errors.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Addresses that the page asked for, itself among them.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Opens a page; skips the test where no browser is installed.</summary>
    public static async Task<HeadlessBrowser> Open(string url, int width, int height, bool dark = false)
    {
        var profile = new TemporaryFolder();
        var program = Program();
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var option in new[] { "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars", "--remote-debugging-port=0", $"--user-data-dir={profile.Path}", "about:blank" })
        {
            start.ArgumentList.Add(option);
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var browser = new HeadlessBrowser(process, profile);
        try
        {
            await browser.Connect();
            await browser.Load(url, width, height, dark);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>The value of an expression in the page.</summary>
    public async Task<JsonNode?> Evaluate(string expression)
    {
        var answer = await Send("Runtime.evaluate", new() { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        Assert.Null(answer["exceptionDetails"]);
        return answer["result"]?["value"];
    }

    /// <summary>The text of an element.</summary>
    public async Task<string> Text(string selector) => (await Evaluate($"document.querySelector({JsonSerializer.Serialize(selector)}).textContent"))!.GetValue<string>();

    /// <summary>Moves the pointer over an element.</summary>
    public async Task Hover(string selector) => await Mouse("mouseMoved", selector);

    /// <summary>Clicks an element.</summary>
    public async Task Click(string selector)
    {
        await Mouse("mousePressed", selector);
        await Mouse("mouseReleased", selector);
    }

    /// <summary>Presses a key: "ArrowRight", "Tab", ….</summary>
    public async Task Press(string key)
    {
        var code = key switch { "Tab" => 9, "End" => 35, "Home" => 36, "ArrowLeft" => 37, "ArrowUp" => 38, "ArrowRight" => 39, "ArrowDown" => 40, _ => 0 };
        foreach (var type in new[] { "rawKeyDown", "keyUp" })
        {
            await Send("Input.dispatchKeyEvent", new() { ["type"] = type, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code });
        }
    }

    /// <summary>What is seen, as a PNG file.</summary>
    public async Task<byte[]> Screenshot() => Convert.FromBase64String((await Send("Page.captureScreenshot", new() { ["format"] = "png" }))["data"]!.GetValue<string>());

    public async ValueTask DisposeAsync()
    {
        socket.Dispose();
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync();
        process.Dispose();
        profile.Dispose();
    }

    private static string Program()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':', StringSplitOptions.RemoveEmptyEntries);
        var found = folders.SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        Assert.SkipWhen(found is null, "no Chromium is installed (apt-get install chromium), so the page is not looked at in a browser");
        return found!;
    }

    private async Task Connect()
    {
        // The browser writes the port it chose, then the path of its own socket, into its profile.
        var file = Path.Combine(profile.Path, "DevToolsActivePort");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        string[] lines = [];
        while (lines.Length < 2)
        {
            Assert.False(process.HasExited, "the browser ended before it could be driven");
            await Task.Delay(100, limit.Token);
            lines = File.Exists(file) ? await File.ReadAllLinesAsync(file, limit.Token) : [];
        }

        using var http = new HttpClient();
        var targets = JsonNode.Parse(await http.GetStringAsync($"http://127.0.0.1:{lines[0]}/json", limit.Token))!.AsArray();
        var page = targets.First(target => target!["type"]!.GetValue<string>() == "page")!["webSocketDebuggerUrl"]!.GetValue<string>();
        await socket.ConnectAsync(new Uri(page), limit.Token);
    }

    private async Task Load(string url, int width, int height, bool dark)
    {
        await Send("Runtime.enable", []);
        await Send("Network.enable", []);
        await Send("Emulation.setDeviceMetricsOverride", new() { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        await Send("Emulation.setEmulatedMedia", new() { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }) });
        await Send("Page.enable", []);
        await Send("Page.navigate", new() { ["url"] = url });
        for (var i = 0; i < 300 && (await Evaluate("document.readyState + location.protocol"))!.GetValue<string>() is not "completefile:"; i++)
        {
            await Task.Delay(50);
        }
    }

    private async Task Mouse(string type, string selector)
    {
        var middle = (await Evaluate($"(() => {{ const e = document.querySelector({JsonSerializer.Serialize(selector)}); e.scrollIntoView({{ block: 'nearest' }}); const r = e.getBoundingClientRect(); return {{ x: r.x + r.width / 2, y: r.y + r.height / 2 }}; }})()"))!;
        await Send("Input.dispatchMouseEvent", new()
        {
            ["type"] = type,
            ["x"] = middle["x"]!.GetValue<double>(),
            ["y"] = middle["y"]!.GetValue<double>(),
            ["button"] = type == "mouseMoved" ? "none" : "left",
            ["clickCount"] = type == "mouseMoved" ? 0 : 1,
        });
    }

    private async Task<JsonObject> Send(string method, JsonObject parameters)
    {
        var id = ++last;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, true, limit.Token);
        while (true)
        {
            var received = await Receive(limit.Token);
            if (received["id"]?.GetValue<int>() == id)
            {
                Assert.True(received["error"] is null, $"{method}: {received["error"]}");
                return received["result"]!.AsObject();
            }

            Note(received);
        }
    }

    private void Note(JsonObject happened)
    {
        var parameters = happened["params"];
        switch (happened["method"]?.GetValue<string>())
        {
            case "Runtime.exceptionThrown":
                Errors.Add(parameters!["exceptionDetails"]!.ToJsonString());
                break;
            case "Runtime.consoleAPICalled" when parameters!["type"]!.GetValue<string>() == "error":
                Errors.Add(parameters.ToJsonString());
                break;
            case "Network.requestWillBeSent":
                Requests.Add(parameters!["request"]!["url"]!.GetValue<string>());
                break;
        }
    }

    private async Task<JsonObject> Receive(CancellationToken limit)
    {
        using var whole = new MemoryStream();
        var buffer = new byte[1 << 16];
        WebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(buffer, limit);
            whole.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return JsonNode.Parse(whole.ToArray())!.AsObject();
    }
}
