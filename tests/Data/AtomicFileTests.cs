using System.Text.RegularExpressions;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public class AtomicFileTests
{
    [Fact]
    public void What_fails_leaves_nothing_and_takes_nothing_away()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("file.json", "whole");
        Assert.Throws<IOException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("ha"u8);
            throw new IOException("no space left");
        }));
        Assert.Equal([path], folder.Files());
        Assert.Equal("whole", File.ReadAllText(path));
        AtomicFile.Write(path, stream => stream.Write("new"u8));
        Assert.Equal([path], folder.Files());
        Assert.Equal("new", File.ReadAllText(path));
    }

    // Nobody knows the temporary name.
    [Fact]
    public void What_fails_names_the_file_that_was_to_be_written()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("file.json");
        string Said(Func<string, Exception> failure) => Assert.ThrowsAny<Exception>(
            () => AtomicFile.Write(path, stream => throw failure(stream.Name))).Message;
        Assert.Equal($"No space left on device : '{path}'", Said(name => new IOException($"No space left on device : '{name}'")));
        Assert.Equal($"no access to '{path}'", Said(name => new UnauthorizedAccessException($"no access to '{name}'")));
        var gone = folder.File("gone/file.json");
        Assert.Contains($"'{gone}'", Assert.ThrowsAny<IOException>(() => AtomicFile.Write(gone, "")).Message, StringComparison.Ordinal);
        Assert.Equal($"{path}: quota exceeded", Said(_ => new IOException("quota exceeded")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a line\n")]
    public void What_cannot_be_appended_whole_is_taken_back(string before)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("log.jsonl", before);
        using (var disk = new FullDisk(path))
            Assert.Throws<IOException>(() => AtomicFile.Append(disk, "another line\n"u8, flushToDisk: false));

        Assert.Equal(before, File.Exists(path) ? File.ReadAllText(path) : "");
        Assert.Equal(before.Length > 0, File.Exists(path));
        using (var file = new FileStream(path, FileMode.OpenOrCreate))
            AtomicFile.Append(file, "more\n"u8, flushToDisk: true);

        Assert.Equal(before + "more\n", File.ReadAllText(path));
    }

    // Every file of the library and its verbs goes through it, but for those that grow by lines, locks and what is fetched in parts.
    [Fact]
    public void Nothing_is_written_any_other_way()
    {
        string[] others = ["AtomicFile.cs", "ResultLog.cs", "TrainingLog.cs", "Download.cs", "CaptionPrograms.cs"]; // the last for another program, in a folder of its own
        string[] calls = ["File.WriteAll", "File.Create(", "File.AppendAll", "File.Copy(", "FileMode.Create", "FileMode.OpenOrCreate"];
        var sources = new[] { "src", "cli" }.SelectMany(part => Directory.EnumerateFiles(KitPaths.InRepository(part), "*.cs", SearchOption.AllDirectories));
        Assert.Equal([],
            from source in sources
            where !others.Contains(Path.GetFileName(source))
            let text = File.ReadAllText(source)
            from call in calls
            where Regex.IsMatch(text, $@"(?<!\w){Regex.Escape(call)}")
            select $"{Path.GetFileName(source)}: {call}");
    }

    // Has room for half of what is written.
    private sealed class FullDisk(string path) : FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0)
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer[..(buffer.Length / 2)]);
            throw new IOException("No space left on device");
        }
    }
}
