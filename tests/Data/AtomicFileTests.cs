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

    // Every file of the library and its verbs goes through it, but for those that grow by lines, locks and what is fetched in parts.
    [Fact]
    public void Nothing_is_written_any_other_way()
    {
        string[] others = ["AtomicFile.cs", "FolderLock.cs", "ResultLog.cs", "TrainingLog.cs", "Download.cs", "CaptionPrograms.cs"]; // the last for another program, in a folder of its own
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
}
