using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public class DataCatalogTests
{
    [Fact]
    public void Every_source_and_every_file_is_told_of_in_the_data_folders_readme()
    {
        var text = File.ReadAllText(KitPaths.InRepository("data", "README.md"));
        Assert.All(DataCatalog.Sources, source =>
        {
            Assert.Contains($"`{source.Name}`", text);
            Assert.Contains($"`data/{source.Folder}/`", text);
            Assert.All(source.Files, f => Assert.Contains(f.Path, text));
            Assert.All(source.Files.Where(f => f.Sha256 is not null), f => Assert.Contains(f.Sha256!, text));
        });
    }

    [Fact]
    public void Names_and_places_are_single_and_addresses_sound()
    {
        Assert.Equal(DataCatalog.Sources.Count, DataCatalog.Sources.Select(s => s.Name).Distinct().Count());
        var files = DataCatalog.Sources.SelectMany(s => s.Files.Select(f => (Path: Path.Combine(s.Folder, f.Path), File: f))).ToArray();
        Assert.Equal(files.Length, files.Select(f => f.Path).Distinct().Count());
        Assert.All(files, f => Assert.True(f.File.Url is null || Uri.IsWellFormedUriString(f.File.Url, UriKind.Absolute)));
        Assert.All(files.Where(f => f.File.Sha256 is not null), f => Assert.Matches("^[0-9a-f]{64}$", f.File.Sha256!));
        Assert.All(DataCatalog.Sources, s => Assert.True(s.Files.Count > 0 || s.ByHand is not null));
    }

    [Fact]
    public void An_unknown_name_is_answered_with_the_known_ones()
        => Assert.Contains("nlvr2", Assert.Throws<ArgumentException>(() => DataCatalog.Find("imagenet")).Message);

    [Fact]
    public void What_cannot_be_read_is_told_of_beside_the_rest()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("nlvr2/dev.json"));
        File.WriteAllText(folder.File("nlvr2/train.json"), "{\"sentence\": \"cut o");
        Directory.CreateDirectory(folder.File("nlvr2/nlvr_dev.json"));
        var parts = DataStatus.Check(DataCatalog.Find("nlvr2"), folder.Path).Parts.ToDictionary(part => part.What);
        Assert.Equal((DataState.Partial, "a folder, not a file"), (parts["dev.json"].State, parts["dev.json"].Detail));
        Assert.Equal(DataState.Partial, parts["nlvr_dev.json"].State);
        Assert.Equal(DataState.Complete, parts["train.json"].State);
        Assert.Equal(DataState.Partial, parts["images"].State);
        Assert.Contains("train.json, line 1: not valid JSON", parts["images"].Detail);
    }

    [Fact]
    public void An_empty_folder_has_nothing_of_anything()
    {
        var folder = Directory.CreateTempSubdirectory("kit-none-");
        try
        {
            Assert.All(DataCatalog.Sources, s => Assert.Equal(DataState.Absent, DataStatus.Check(s, folder.FullName).State));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
