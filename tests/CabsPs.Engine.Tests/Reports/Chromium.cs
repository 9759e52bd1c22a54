using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabsPs.Engine.Tests.Reports;

/// <summary>A headless Chromium that opens pages from disk, driven over its DevTools protocol.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] s_names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _profile;
    private readonly Process _process;
    private readonly ClientWebSocket _socket;
    private int _calls;

    private Chromium(TemporaryFolder profile, Process process, ClientWebSocket socket) => (_profile, _process, _socket) = (profile, process, socket);

    /// <summary>The program: what CHROME_PATH names, else one on the path; null where there is none.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("CHROME_PATH") is { Length: > 0 } named ? [named] : (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).SelectMany(folder => s_names.Select(name => Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name)))).FirstOrDefault(File.Exists);

    /// <summary>What pages asked for, said or threw: method and parameters of every event.</summary>
    public List<(string Method, JsonNode Parameters)> Events { get; } = [];

    /// <summary>Starts it with an empty page.</summary>
    public static async Task<Chromium> Start()
    {
        var profile = new TemporaryFolder();
        string[] arguments = ["--headless", "--no-first-run", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0", $"--user-data-dir={profile.Path("profile")}", "about:blank"];
        // its sandbox does not start for root
        Process process = Process.Start(new ProcessStartInfo(Program!, Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows() ? arguments.Prepend("--no-sandbox") : arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        string file = profile.Path("profile", "DevToolsActivePort");
        var clock = Stopwatch.StartNew();
        string[] lines;
        while ((lines = File.Exists(file) ? await File.ReadAllLinesAsync(file) : []).Length < 2)
        {
            Assert.True(clock.Elapsed < s_patience && !process.HasExited, "Chromium did not start");
            await Task.Delay(20);
        }

        using var http = new HttpClient();
        JsonNode pages = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{lines[0]}/json/list")))!;
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri((string)pages.AsArray().First(p => (string?)p!["type"] == "page")!["webSocketDebuggerUrl"]!), CancellationToken.None);
        var browser = new Chromium(profile, process, socket);
        foreach (string domain in new[] { "Page", "Network", "Runtime", "Log", "Accessibility" })
            await browser.Call($"{domain}.enable");
        return browser;
    }

    /// <summary>Opens a page from disk and waits until it is loaded.</summary>
    public async Task Open(string file)
    {
        Events.Clear();
        await Call("Page.navigate", new JsonObject { ["url"] = new Uri(file).AbsoluteUri });
        await Until(() => Events.Any(e => e.Method == "Page.loadEventFired"));
    }

    /// <summary>The value of an expression in the page.</summary>
    public async Task<JsonNode?> Evaluate(string expression)
    {
        JsonNode answer = await Call("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        Assert.Null(answer["exceptionDetails"]);
        return answer["result"]!["value"];
    }

    /// <summary>Presses a key.</summary>
    public async Task Press(string key, int code)
    {
        foreach (string type in new[] { "keyDown", "keyUp" })
            await Call("Input.dispatchKeyEvent", new JsonObject { ["type"] = type, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code, ["text"] = type == "keyDown" && key == "Enter" ? "\r" : string.Empty });
    }

    /// <summary>Calls a method of the protocol.</summary>
    public async Task<JsonNode> Call(string method, JsonObject? parameters = null)
    {
        int id = ++_calls;
        byte[] message = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] });
        await _socket.SendAsync(message, WebSocketMessageType.Text, true, CancellationToken.None);
        while (true)
        {
            JsonNode answer = await Receive();
            if ((int?)answer["id"] != id)
                continue;
            Assert.True(answer["error"] is null, $"{method}: {answer["error"]?.ToJsonString()}");
            return answer["result"]!;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        // its children may still be writing
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                _profile.Dispose();
                return;
            }
            catch (IOException) when (attempt < 50)
            {
                await Task.Delay(50);
            }
        }
    }

    private async Task Until(Func<bool> condition)
    {
        while (!condition())
            await Receive();
    }

    private async Task<JsonNode> Receive()
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var message = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        ValueWebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
            message.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        JsonNode node = JsonNode.Parse(message.ToArray())!;
        if ((string?)node["method"] is { } method)
            Events.Add((method, node["params"]!));
        return node;
    }
}

/// <summary>A test that needs a Chromium: skipped where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute() => Skip = Chromium.Program is null ? "needs chromium or google-chrome on the path, or CHROME_PATH" : null;
}
