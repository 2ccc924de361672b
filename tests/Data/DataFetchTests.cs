using System.IO.Compression;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public sealed class DataFetchTests : IDisposable
{
    private const string Abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // SHA-256 of "abc"
    private readonly string folder = Directory.CreateTempSubdirectory("kit-fetch-").FullName;
    private readonly HttpClient client = new();

    public void Dispose()
    {
        client.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task An_archive_is_fetched_unpacked_and_thrown_away_and_not_fetched_again()
    {
        var zip = Zip(("a.json", "[1]"), ("images/b.jpg", "x"));
        using var server = new RudeServer((_, _) => new("200 OK", zip, $"Content-Length: {zip.Length}"));
        var source = new DataSource("t", "T", "t", "none", [new("all.zip", server.Url) { Holds = ["a.json", "images"] }]);
        Assert.Equal(DataState.Absent, DataStatus.Check(source, folder).State);
        Assert.Equal(1, await new Download(client).FetchAsync(source, folder));
        Assert.Equal("[1]", File.ReadAllText(Path.Combine(folder, "t", "a.json")));
        Assert.True(File.Exists(Path.Combine(folder, "t", "images", "b.jpg")));
        Assert.False(File.Exists(Path.Combine(folder, "t", "all.zip")));
        Assert.Equal(DataState.Complete, DataStatus.Check(source, folder).State);
        Assert.Equal(0, await new Download(client).FetchAsync(source, folder));
        Assert.Single(server.Ranges);
    }

    [Fact]
    public async Task An_archive_that_was_not_fully_unpacked_is_unpacked_again_without_fetching()
    {
        var source = new DataSource("t", "T", "t", "none", [new("all.zip", "http://127.0.0.1:1/none") { Holds = ["images"] }]);
        Directory.CreateDirectory(Path.Combine(folder, "t", "images"));
        File.WriteAllBytes(Path.Combine(folder, "t", "all.zip"), Zip(("images/b.jpg", "x")));
        Assert.Equal(DataState.Partial, DataStatus.Check(source, folder).State);
        Assert.Equal(1, await new Download(client).FetchAsync(source, folder));
        Assert.True(File.Exists(Path.Combine(folder, "t", "images", "b.jpg")));
    }

    [Fact]
    public async Task A_file_of_the_right_length_but_another_checksum_is_fetched_anew()
    {
        using var server = new RudeServer((_, _) => new("200 OK", "abc"u8.ToArray(), "Content-Length: 3"));
        var source = new DataSource("t", "T", "t", "none", [new("a.txt", server.Url) { Bytes = 3, Sha256 = Abc }]);
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "t")).FullName, "a.txt");
        File.WriteAllText(path, "abd");
        Assert.Equal(1, await new Download(client).FetchAsync(source, folder));
        Assert.Equal("abc", File.ReadAllText(path));
        Assert.Equal(0, await new Download(client).FetchAsync(source, folder));
    }

    [Fact]
    public async Task An_entry_that_leaves_the_folder_is_refused()
    {
        var path = Path.Combine(folder, "evil.zip");
        File.WriteAllBytes(path, Zip(("../outside.txt", "x")));
        var error = await Assert.ThrowsAsync<IOException>(() => Download.UnpackAsync(path, Path.Combine(folder, "in"), isOurs: false));
        Assert.Contains("evil.zip: ", error.Message);
        Assert.Contains("outside", error.Message);
        Assert.False(File.Exists(Path.Combine(folder, "outside.txt")));
    }

    // Of most archives no checksum is known, and servers break off without a word or send a page that asks to log in.
    [Theory]
    [InlineData("thrown away", "")]
    [InlineData("a page instead", "Content-Type: text/html; charset=utf-8")]
    public async Task What_is_no_archive_does_not_stay_in_its_place(string said, string header)
    {
        var zip = Zip(("a.json", "[1]"));
        using var server = new RudeServer((number, _) => number == 0
            ? new("200 OK", zip[..^30], "ETag: \"one\"", header.Length > 0 ? header : "X-None: 0")
            : new("200 OK", zip, $"Content-Length: {zip.Length}"));
        var source = new DataSource("t", "T", "t", "none", [new("all.zip", server.Url) { Holds = ["a.json"] }]);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => new Download(client).FetchAsync(source, folder));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder, "t", "all.zip")));
        Assert.Equal(1, await new Download(client).FetchAsync(source, folder));
        Assert.Equal("[1]", File.ReadAllText(Path.Combine(folder, "t", "a.json")));
    }

    [Fact]
    public async Task A_damaged_archive_of_ones_own_is_named_and_left()
    {
        var zip = Zip(("a.json", string.Concat(Enumerable.Range(0, 400))));
        zip.AsSpan(45, 100).Fill(0xff);
        var path = Path.Combine(folder, "all.zip");
        foreach (var content in new[] { zip, "no archive"u8.ToArray() })
        {
            File.WriteAllBytes(path, content);
            var error = await Assert.ThrowsAsync<InvalidDataException>(() => Download.UnpackAsync(path, Path.Combine(folder, "in"), isOurs: false));
            Assert.Contains("all.zip: not a ZIP archive, or a broken one", error.Message, StringComparison.Ordinal);
            Assert.Contains("delete it, and the same command fetches it anew", error.Message, StringComparison.Ordinal);
            Assert.True(File.Exists(path));
        }
    }

    [Fact]
    public void Status_tells_absent_partial_and_complete()
    {
        var source = new DataSource("t", "T", "t", "none",
        [
            new("a.txt", "http://x/a") { Bytes = 3, Sha256 = Abc },
            new("b.txt"),
        ])
        {
            Images = [new("pictures", root => (Directory.Exists(root) ? Directory.GetFiles(root, "*.jpg").Length : 0, 2))],
        };
        string[] States(bool verify = false) => [.. DataStatus.Check(source, folder, verify).Parts.Select(p => $"{p.What} {p.State} {p.Detail}".TrimEnd())];
        Assert.Equal(["a.txt Absent", "b.txt Absent to be got by hand", "pictures Absent 0 of 2"], States());
        var root = Directory.CreateDirectory(Path.Combine(folder, "t")).FullName;
        File.WriteAllText(Path.Combine(root, "a.txt.part"), "a");
        File.WriteAllText(Path.Combine(root, "1.jpg"), "x");
        Assert.Equal(["a.txt Partial 1 bytes fetched so far", "b.txt Absent to be got by hand", "pictures Partial 1 of 2"], States());
        File.WriteAllText(Path.Combine(root, "a.txt"), "ab");
        Assert.Contains("2 bytes, not 3", States()[0]);
        File.WriteAllText(Path.Combine(root, "a.txt"), "abd");
        Assert.Equal("a.txt Complete", States()[0]);
        Assert.Contains("checksum differs", States(verify: true)[0]);
        File.WriteAllText(Path.Combine(root, "a.txt"), "abc");
        File.WriteAllText(Path.Combine(root, "b.txt"), "b");
        File.WriteAllText(Path.Combine(root, "2.jpg"), "x");
        Assert.Equal(DataState.Complete, DataStatus.Check(source, folder, verify: true).State);
    }

    private static byte[] Zip(params (string Name, string Content)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var writer = new StreamWriter(zip.CreateEntry(name).Open());
                writer.Write(content);
            }
        }

        return stream.ToArray();
    }
}
