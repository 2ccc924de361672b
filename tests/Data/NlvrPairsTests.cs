using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Text;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Data;

public sealed class NlvrPairsTests(Toys toys) : IClassFixture<Toys>
{
    private static readonly TrainingImageSettings Images = new(ToyScene.Size) { Seed = 5, Workers = 2 };

    [Fact]
    public void Files_hold_what_memory_holds()
    {
        using var scope = NewDisposeScope();
        using var files = Files("dev", Images);
        using var memory = ToyNlvr2Pairs.Draw("dev", Toys.World);
        Assert.Equal(memory.Count, files.Count);
        Assert.Equal(memory.Kinds, files.Kinds);
        Assert.Equal(Enumerable.Range(0, 8).Select(memory.TextLength), Enumerable.Range(0, 8).Select(files.TextLength));
        Same(memory.Batch([1, 6, 2]), files.Batch([1, 6, 2]));
        Same(memory.Batch([1, 6, 2], imagesOf: [3, 4, 5]), files.Batch([1, 6, 2], imagesOf: [3, 4, 5]));
        Same(memory.Batch([1, 6, 2], textOf: [3, 4, 5]), files.Batch([1, 6, 2], textOf: [3, 4, 5]));
    }

    [Fact]
    public void Images_change_places_together_with_left_and_right()
    {
        using var scope = NewDisposeScope();
        var plain = Images with { Transform = (image, _) => image };
        var examples = Dataset("train");
        int[] chosen = [.. Enumerable.Range(0, examples.Count).Where(i => examples[i].Sentence.Contains("left", StringComparison.Ordinal)).Take(3)];
        Assert.Equal(3, chosen.Length);
        using var still = Files("train", plain, swaps: 0);
        using var swapped = Files("train", plain, swaps: 1);
        var (one, other) = (still.TrainingBatch(0, chosen), swapped.TrainingBatch(0, chosen));
        Same(still.Batch(chosen), one);
        Assert.True(one.Images.slice(0, 0, 3, 1).eq(other.Images.slice(0, 3, 6, 1)).all().item<bool>());
        Assert.True(one.Images.slice(0, 3, 6, 1).eq(other.Images.slice(0, 0, 3, 1)).all().item<bool>());
        var tokenizer = Tokenizer();
        var expected = Words(tokenizer, one.Ids).Select(word => word switch { "left" => "right", "right" => "left", _ => word });
        Assert.Equal(expected, Words(tokenizer, other.Ids));
        Assert.Equal(one.Labels.data<long>().ToArray(), other.Labels.data<long>().ToArray());
    }

    [Fact]
    public void Training_sees_what_seed_epoch_and_examples_say_ahead_or_not()
    {
        using var scope = NewDisposeScope();
        PlannedBatch[] plan = [new(0, [4, 9]), new(0, [1, 2]), new(1, [4, 9])];
        using var asked = Files("train", Images);
        using var ahead = Files("train", Images);
        ahead.Prefetch(plan);
        float[][] Pixels(NlvrPairs files) => [.. plan.Select(planned => files.TrainingBatch(planned.Epoch, [.. planned.Examples]).Images.data<float>().ToArray())];
        var expected = Pixels(asked);
        Assert.Equal(expected, Pixels(ahead));
        Assert.NotEqual(expected[0], expected[2]);
        using var otherSeed = Files("train", Images with { Seed = 6 });
        Assert.NotEqual(expected[0], Pixels(otherSeed)[0]);
    }

    [Fact]
    public void Half_of_the_pairs_change_places()
    {
        using var scope = NewDisposeScope();
        using var files = Files("train", Images with { Transform = (image, _) => image });
        int[] all = [.. Enumerable.Range(0, files.Count)];
        var plain = files.Batch(all).Images;
        var pairs = Enumerable.Range(0, 4).Sum(epoch =>
        {
            var seen = files.TrainingBatch(epoch, all).Images;
            return all.Count(i => !seen[i].eq(plain[i]).all().item<bool>());
        });
        Assert.InRange(pairs, 55, 105); // of 160
    }

    [Fact]
    public void Which_pairs_change_places_is_drawn_anew_in_each_epoch()
    {
        using var scope = NewDisposeScope();
        using var files = Files("train", Images with { Transform = (image, _) => image });
        int[] all = [.. Enumerable.Range(0, files.Count)];
        Assert.False(files.TrainingBatch(0, all).Images.eq(files.TrainingBatch(1, all).Images).all().item<bool>());
    }

    [Fact]
    public void Where_a_statement_has_no_kind_none_has()
    {
        var examples = Dataset("dev");
        using var pairs = new NlvrPairs([examples[0] with { Synset = null }, .. examples.Skip(1)], Tokenizer(), 32, Images);
        Assert.Empty(pairs.Kinds);
    }

    private static void Same(NlvrPairBatch expected, NlvrPairBatch actual)
    {
        Assert.True((expected.Images - actual.Images).abs().max().item<float>() < 1e-5);
        Assert.Equal(expected.Ids.data<long>().ToArray(), actual.Ids.data<long>().ToArray());
        Assert.Equal(expected.Mask.data<float>().ToArray(), actual.Mask.data<float>().ToArray());
        Assert.Equal(expected.Labels.data<long>().ToArray(), actual.Labels.data<long>().ToArray());
        Assert.Equal(expected.TextLengths, actual.TextLengths);
    }

    private static IEnumerable<string> Words(BertWordPiece tokenizer, Tensor ids) => ids.data<long>().ToArray().Select(id => tokenizer.TokenOf((int)id));

    private BertWordPiece Tokenizer() => BertWordPiece.Load(toys.File("vocab.txt"));

    private IReadOnlyList<Nlvr2Example> Dataset(string split) => Nlvr2Dataset.Load(toys.File($"nlvr2/{split}.json"));

    private NlvrPairs Files(string split, TrainingImageSettings images, double swaps = 0.5) => new(Dataset(split), Tokenizer(), 32, images) { SwapProbability = swaps };
}
