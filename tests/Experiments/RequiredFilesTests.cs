using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public sealed class RequiredFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void All_that_is_missing_is_told_at_once_with_where_to_get_it()
    {
        var files = new RequiredFiles("nlvr2", folder.Path, Path.Combine(folder.Path, "weights"));
        var checkpoint = files.Checkpoint("blip", "model_base_nlvr.pth");
        Assert.Equal(Path.Combine(folder.Path, "weights", "blip", "model_base_nlvr.pth"), checkpoint);
        files.Annotations("nlvr2", "train.json", "nlvr_train.json");
        files.Vocabulary("vocab.txt", "bert-base-uncased-vocab.txt");
        files.Images("nlvr2", Path.Combine(folder.Path, "a.png"));
        var said = Assert.Throws<FileNotFoundException>(files.RequireAll).Message;
        foreach (var one in new[] { checkpoint, "./kit data get blip", "train.json or nlvr_train.json", "./kit data get vocab", "images such as", "./kit data status nlvr2", "data/README.md", "KIT_DATA", "KIT_CHECKPOINTS" })
        {
            Assert.Contains(one, said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_there_is_found_in_any_of_its_places()
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "nlvr2"));
        var (checkpoint, annotations, words) = (folder.Write("model.pth", ""), folder.Write("nlvr2/nlvr_dev.json", ""), folder.Write("vocab.txt", ""));
        var files = new RequiredFiles("nlvr2", folder.Path, folder.Path);
        Assert.Equal(checkpoint, files.Checkpoint("blip", "model.pth"));
        Assert.Equal(annotations, files.Annotations("nlvr2", "dev.json", "nlvr_dev.json"));
        Assert.Equal(words, files.Vocabulary("vocab.txt"));
        files.Images("nlvr2", checkpoint);
        files.RequireAll();
        Assert.True(files.Complete);
    }
}
