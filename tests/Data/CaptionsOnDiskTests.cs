using Madtp.Kit.Data;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Tests.Training;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Data;

public sealed class CaptionsOnDiskTests(Toys toys) : IClassFixture<Toys>
{
    private static readonly int[] Some = [7, 0, 33, 8, 59];

    [Theory]
    [InlineData("clip", "train")]
    [InlineData("retrieval", "val")]
    [InlineData("caption", "train")]
    public void Files_give_what_the_same_pixels_in_memory_give(string task, string split)
    {
        using var scope = NewDisposeScope();
        using var files = TinyFiles.CaptionsOf(task, toys.Data, split, TinyFiles.Plain);
        using var memory = TinyFiles.InMemory(task, toys.Data, split);
        Assert.Equal((memory.Images, memory.Captions), (files.Images, files.Captions));
        Assert.Equal(memory.ImageOfCaption, files.ImageOfCaption);
        int[] captions = [.. Some.Where(caption => caption < memory.Captions)];
        Assert.Equal(captions.Select(memory.TextLength), captions.Select(files.TextLength));
        Close(memory.TrainingPixels(0, captions), files.TrainingPixels(0, captions));
        Close(memory.Pixels([2, 0, 1]), files.Pixels([2, 0, 1]));
        var (expected, actual) = (memory.Texts(captions), files.Texts(captions));
        Assert.True(expected.Ids.Equals(actual.Ids));
        Assert.True(expected.Mask.Equals(actual.Mask));
        Assert.Null(files.PatchClasses([0]));
    }

    [Fact]
    public void Augmentation_depends_on_seed_epoch_and_caption_alone()
    {
        using var scope = NewDisposeScope();
        using var one = TinyFiles.CaptionsOf("clip", toys.Data, "train", TinyFiles.Augmented with { Workers = 1 });
        using var other = TinyFiles.CaptionsOf("clip", toys.Data, "train", TinyFiles.Augmented with { Workers = 3 });
        other.Prefetch([new PlannedBatch(3, [5, 6]), new PlannedBatch(3, Some)]);
        var ahead = (other.TrainingPixels(3, [5, 6]), other.TrainingPixels(3, Some));
        var apart = one.TrainingPixels(3, Some);
        Assert.True(apart.Equals(ahead.Item2));
        Assert.True(apart[1].Equals(one.TrainingPixels(3, [0])[0]));
        Assert.False(apart.Equals(one.TrainingPixels(4, Some)));
        Assert.True(one.Pixels([0]).Equals(other.Pixels([0])), "what is scored is never augmented");
    }

    [Fact]
    public void Fewer_captions_may_be_taken()
    {
        using var whole = TinyFiles.CaptionsOf("clip", toys.Data, "train", TinyFiles.Plain);
        using var scope = NewDisposeScope();
        using var first = new CaptionedImages(Kit.Data.CaptionImages.LoadRows(toys.File("coco/coco_karpathy_train.json"), toys.File("coco")), new Kit.Data.TextEncoding(text => [text.Length]), TinyFiles.Plain, count: 7);
        Assert.Equal((7, 2), (first.Captions, first.Images));
        Assert.True(first.Pixels([1]).Equals(whole.Pixels([1])));
    }

    private static void Close(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, 1e-5f);
    }
}
