using System.Globalization;
using System.Security.Cryptography;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

[Collection(nameof(DownloadTests))]
public sealed class DownloadTests : IDisposable
{
    private const string Tag = "ETag: \"one\"";
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(300_000);
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData(Content));
    private readonly string folder = Directory.CreateTempSubdirectory("kit-get-").FullName;
    private readonly HttpClient client = new();

    private string Target => Path.Combine(folder, "sub", "file.bin");

    public void Dispose()
    {
        client.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_file_is_fetched_checked_and_named()
    {
        using var server = new RudeServer((_, _) => Whole());
        var seen = new List<DownloadProgress>();
        await FetchAsync(server, Checked, new Seen(seen));
        Assert.Equal(Content, File.ReadAllBytes(Target));
        Assert.Equal(["file.bin"], Directory.GetFiles(Path.GetDirectoryName(Target)!).Select(Path.GetFileName));
        Assert.Equal(new DownloadProgress("file.bin", "fetching", Content.Length, Content.Length), seen[^1]);
        Assert.Equal(seen.Select(s => s.Done).Order(), seen.Select(s => s.Done));
    }

    [Fact]
    public async Task A_server_that_breaks_off_is_asked_for_the_rest()
    {
        using var server = new RudeServer((number, headers) => Resumed(headers, breakAfter: number < 4 ? 60_000 : int.MaxValue));
        await FetchAsync(server, Checked);
        Assert.Equal(Content, File.ReadAllBytes(Target));
        Assert.Equal(["", "bytes=60000-", "bytes=120000-", "bytes=180000-", "bytes=240000-"], server.Ranges);
    }

    [Fact]
    public async Task An_earlier_runs_part_is_gone_on_with()
    {
        using (var broken = new RudeServer((_, headers) => Resumed(headers, breakAfter: headers.ContainsKey("range") ? 0 : 100_000)))
        {
            var error = await Assert.ThrowsAsync<IOException>(() => FetchAsync(broken, Plain));
            Assert.Contains("100,000 bytes", error.Message);
            Assert.False(File.Exists(Target));
        }

        using var server = new RudeServer((_, headers) => Resumed(headers));
        await FetchAsync(server, Plain);
        Assert.Equal(Content, File.ReadAllBytes(Target));
        Assert.Equal("bytes=100000-", Assert.Single(server.Ranges));
    }

    [Fact]
    public async Task A_file_that_changed_meanwhile_is_fetched_anew()
    {
        using var server = new RudeServer((number, headers) => number == 0
            ? Resumed(headers, breakAfter: 100_000)
            : headers["if-range"] == "\"one\"" ? new("200 OK", Content.Reverse().ToArray(), $"Content-Length: {Content.Length}", "ETag: \"two\"") : throw new InvalidOperationException());
        await FetchAsync(server, Plain);
        Assert.Equal(Content.Reverse(), File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task Without_proof_that_the_rest_belongs_to_the_part_it_begins_anew()
    {
        using var server = new RudeServer((number, _) => number == 0
            ? new("200 OK", Content[..50_000], $"Content-Length: {Content.Length}")
            : new("200 OK", Content, $"Content-Length: {Content.Length}"));
        await FetchAsync(server, Plain);
        Assert.Equal(["", ""], server.Ranges);
        Assert.Equal(Content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task A_server_that_always_breaks_off_is_given_up()
    {
        using var server = new RudeServer((_, _) => new("200 OK", Content[..10], $"Content-Length: {Content.Length}"));
        var error = await Assert.ThrowsAsync<IOException>(() => FetchAsync(server, Plain));
        Assert.Contains("broken off 3 times", error.Message);
        Assert.Equal(3, server.Ranges.Count);
    }

    [Fact]
    public async Task A_length_that_is_not_the_files_is_refused_before_anything_is_kept()
    {
        using var server = new RudeServer((_, _) => new("200 OK", [1, 2, 3], "Content-Length: 3"));
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => FetchAsync(server, Checked));
        Assert.Contains("3 bytes, not 300,000", error.Message);
        Assert.False(File.Exists(Target));
        Assert.Single(server.Ranges);
    }

    [Fact]
    public async Task A_server_that_sends_more_than_it_should_is_stopped()
    {
        byte[] tooMuch = [.. Content, .. new byte[5_000_000]];
        using var server = new RudeServer((_, _) => new("200 OK", tooMuch)); // no length: until the connection closes
        Assert.Contains("more than", (await Assert.ThrowsAsync<InvalidDataException>(() => FetchAsync(server, Checked))).Message);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public async Task Wrong_bytes_are_thrown_away()
    {
        var wrong = (byte[])Content.Clone();
        wrong[12345] ^= 1;
        using var server = new RudeServer((_, _) => new("200 OK", wrong, $"Content-Length: {wrong.Length}", Tag));
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => FetchAsync(server, Checked));
        Assert.Contains(Hash, error.Message);
        Assert.Empty(Directory.GetFiles(folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task The_wrong_part_is_refused()
    {
        using var server = new RudeServer((number, headers) => number == 0
            ? Resumed(headers, breakAfter: 1000)
            : new("206 Partial Content", Content[5..], $"Content-Range: bytes 5-{Content.Length - 1}/{Content.Length}", Tag));
        Assert.Contains("asked for the bytes from 1000", (await Assert.ThrowsAsync<InvalidDataException>(() => FetchAsync(server, Plain))).Message);
    }

    [Fact]
    public async Task A_part_that_is_longer_than_the_file_is_thrown_away()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Target)!);
        File.WriteAllBytes(Target + ".part", new byte[400_000]);
        File.WriteAllText(Target + ".part.tag", "\"one\"");
        using var server = new RudeServer((_, headers) => headers.ContainsKey("range") ? new("416 Range Not Satisfiable", [], "Content-Length: 0") : Whole());
        await FetchAsync(server, Plain);
        Assert.Equal(Content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task A_part_that_is_whole_gets_its_name_without_another_byte()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Target)!);
        File.WriteAllBytes(Target + ".part", Content);
        File.WriteAllText(Target + ".part.tag", "\"one\"");
        using var server = new RudeServer((_, _) => new("416 Range Not Satisfiable", "<p>no</p>"u8.ToArray(), "Content-Length: 9", "Content-Type: text/html", $"Content-Range: bytes */{Content.Length}"));
        await FetchAsync(server, Plain);
        Assert.Equal(Content, File.ReadAllBytes(Target));
        Assert.Single(server.Ranges);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(Target)!));
    }

    [Fact]
    public async Task A_part_of_which_only_the_checksum_is_known_is_gone_on_with_unconditionally()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Target)!);
        File.WriteAllBytes(Target + ".part", Content[..1000]);
        using var server = new RudeServer((_, headers) => headers.Keys.Any(name => name.StartsWith("if-range", StringComparison.Ordinal)) ? new("400 Bad Request", []) : Resumed(headers));
        await FetchAsync(server, Checked);
        Assert.Equal(Content, File.ReadAllBytes(Target));
        Assert.Equal(["bytes=1000-"], server.Ranges);
    }

    [Theory]
    [InlineData("404 Not Found")]
    [InlineData("403 Forbidden")]
    public async Task A_refusal_is_final(string status)
    {
        using var server = new RudeServer((_, _) => new(status, [], "Content-Length: 0"));
        Assert.Contains(status, (await Assert.ThrowsAsync<InvalidDataException>(() => FetchAsync(server, Plain))).Message);
        Assert.Single(server.Ranges);
    }

    [Fact]
    public async Task An_overloaded_server_is_asked_again()
    {
        using var server = new RudeServer((number, _) => number < 2 ? new("503 Service Unavailable", [], "Content-Length: 0") : Whole());
        await FetchAsync(server, Checked);
        Assert.Equal(Content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task A_silent_server_is_left()
    {
        using var server = new RudeServer((number, headers) => Resumed(headers, breakAfter: number == 0 ? 70_000 : int.MaxValue) with { ThenSilence = number == 0 ? TimeSpan.FromSeconds(3) : TimeSpan.Zero });
        await FetchAsync(server, Checked);
        Assert.Equal(Content, File.ReadAllBytes(Target));
    }

    [Fact]
    public async Task The_users_stop_keeps_what_came()
    {
        using var stop = new CancellationTokenSource();
        using var server = new RudeServer((_, headers) => Resumed(headers, breakAfter: 70_000) with { ThenSilence = TimeSpan.FromSeconds(1) });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FetchAsync(server, Checked, new Stopper(stop), stop.Token));
        Assert.InRange(new FileInfo(Target + ".part").Length, 1, 70_000);
    }

    private static DataFile Plain(string url) => new("file.bin", url);

    private static DataFile Checked(string url) => new("file.bin", url) { Bytes = Content.Length, Sha256 = Hash };

    private static RudeServer.Answer Whole() => new("200 OK", Content, $"Content-Length: {Content.Length}", Tag);

    /// <summary>An answer that honours a range, and breaks off after some bytes although it promised more.</summary>
    private static RudeServer.Answer Resumed(IReadOnlyDictionary<string, string> headers, int breakAfter = int.MaxValue)
    {
        var from = headers.TryGetValue("range", out var range) ? int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture) : 0;
        var body = Content[from..Math.Min(Content.Length, breakAfter == int.MaxValue ? Content.Length : from + breakAfter)];
        var length = $"Content-Length: {Content.Length - from}";
        return from == 0 ? new("200 OK", body, length, Tag) : new("206 Partial Content", body, length, Tag, $"Content-Range: bytes {from}-{Content.Length - 1}/{Content.Length}");
    }

    private Task FetchAsync(RudeServer server, Func<string, DataFile> file, IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
        => new Download(client) { Attempts = 3, Pause = TimeSpan.FromMilliseconds(1), Timeout = TimeSpan.FromSeconds(1) }
            .FetchAsync(file(server.Url), Target, progress, cancellation);

    private sealed class Seen(List<DownloadProgress> list) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => list.Add(value);
    }

    private sealed class Stopper(CancellationTokenSource stop) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value)
        {
            if (value.Done > 0)
                stop.Cancel();
        }
    }
}
