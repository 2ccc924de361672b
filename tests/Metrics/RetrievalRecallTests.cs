using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Metrics;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Metrics;

public class RetrievalRecallTests
{
    [Fact]
    public void The_best_caption_counts_for_an_image_and_the_image_for_each_caption()
    {
        var scores = tensor(new[,] { { 0.9f, 0.1f, 0.2f, 0.3f }, { 0.8f, 0.7f, 0.1f, 0.2f } });
        var recall = RetrievalRecall.Compute(scores, [0, 0, 1, 1]);
        Assert.Equal((50, 100, 25, 100), (recall.TextAt1, recall.TextAt5, recall.ImageAt1, recall.ImageAt5));
        Assert.Equal((50 + 100 + 100) / 3.0, recall.TextMean, 12);
    }

    [Fact]
    public void Of_equal_scores_the_later_comes_first()
    {
        var equal = zeros(2, 2);
        var recall = RetrievalRecall.Compute(equal, [0, 1]);
        Assert.Equal((50, 50), (recall.TextAt1, recall.ImageAt1));
        Assert.Equal(100, RetrievalRecall.Compute(zeros(1, 3), [0, 0, 0]).TextAt1);
    }

    [Fact]
    public void Ranks_are_those_of_a_sort()
    {
        var cases = Gen.Choose(0, 4).ArrayOf(8 * 24).Zip(Gen.Choose(0, 7).ArrayOf(16));
        Check.One(Config.QuickThrowOnFailure.WithReplay(7, 7), Prop.ForAll(cases.ToArbitrary(), example =>
        {
            var (values, extra) = example;
            var scores = tensor(values.Select(value => (float)value).ToArray(), [8, 24]);
            int[] map = [.. Enumerable.Range(0, 8), .. extra];
            var slow = Slow(scores, map);
            Assert.Equal(slow, RetrievalRecall.Compute(scores, map));
            Assert.Equal(slow, RetrievalRecall.Compute(scores, map, scores.t().contiguous()));
        }));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        var scores = zeros(2, 2);
        Assert.Contains("image 1", Assert.Throws<ArgumentException>(() => RetrievalRecall.Compute(scores, [0, 0])).Message);
        Assert.Throws<ArgumentException>(() => RetrievalRecall.Compute(scores, [0]));
        Assert.Throws<ArgumentException>(() => RetrievalRecall.Compute(scores, [0, 2]));
        Assert.Contains("row 0, column 1", Assert.Throws<ArgumentException>(() => RetrievalRecall.Compute(tensor(new[,] { { 1, float.NaN } }), [0, 0])).Message);
    }

    [Fact]
    public void Scores_are_read_from_numpy_and_JSON()
    {
        using var folder = new TemporaryFolder();
        var pairs = folder.Write("pairs.json", """[{"image": "a.jpg", "caption": ["one", "two"]}, {"image": "b.jpg", "caption": ["three"]}]""");
        float[] expected = [1, 2, 3, 4, 5, 6];
        Assert.Equal(expected, Values(folder.Write("a.json", "[[1, 2, 3], [4, 5, 6]]")));
        Assert.Equal(expected, Values(folder.Write("b.json", """{"scores": [[1, 2, 3], [4, 5, 6]]}""")));
        Assert.Equal(expected, Values(folder.Write("c.npy", Numpy("<f4", false, [1, 2, 3, 4, 5, 6]))));
        Assert.Equal(expected, Values(folder.Write("d.npy", Numpy("<f8", false, [1, 2, 3, 4, 5, 6]))));
        Assert.Equal(expected, Values(folder.Write("e.npy", Numpy("<f4", true, [1, 4, 2, 5, 3, 6]))));
        Assert.Equal(expected, Values(folder.Write("h.npy", Numpy("<f4", false, expected, version: 2))));
        Assert.Equal(expected, Values(folder.Write("g.safetensors", Safetensors(expected))));
        var both = RetrievalFiles.Read(folder.Write("f.json", """{"scores_i2t": [[1, 2, 3], [4, 5, 6]], "scores_t2i": [[1, 0], [0, 1], [0, 1]]}"""), pairs);
        Assert.Equal(200 / 3.0, both.Recall().ImageAt1, 12);
        Assert.Equal([0, 0, 1], both.ImageOfCaption);

        float[] Values(string path) => RetrievalFiles.Read(path, pairs).ImageToText.to(float32).data<float>().ToArray();
    }

    // In float32 they would be equal, and the later one would come first.
    [Fact]
    public void Scores_are_compared_as_precisely_as_the_file_has_them()
    {
        using var folder = new TemporaryFolder();
        var pairs = folder.Write("pairs.json", """[{"image": "a.jpg", "caption": ["one"]}, {"image": "b.jpg", "caption": ["two"]}]""");
        var scores = folder.Write("a.json", "[[0.5, 0.499999999999], [0.499999999999, 0.5]]");
        Assert.Equal(100, RetrievalFiles.Read(scores, pairs).Recall().Mean);
    }

    [Fact]
    public void Wrong_score_files_are_named()
    {
        using var folder = new TemporaryFolder();
        var pairs = folder.Write("pairs.json", """[{"image": "a.jpg", "caption": ["one", "two"]}]""");
        string Refusal(string path) => Assert.Throws<InvalidDataException>(() => RetrievalFiles.Read(path, pairs)).Message;
        Assert.Contains("[1, 3]", Refusal(folder.Write("a.json", "[[1, 2, 3]]")));
        Assert.Contains("row 1", Refusal(folder.Write("b.json", "[[1, 2], [1]]")));
        Assert.Contains("line 1", Refusal(folder.Write("c.json", "[[1, \"x\"]]")));
        Assert.Contains("numpy.save", Refusal(folder.Write("d.npy", "nothing of the kind")));
        Assert.Contains("<i8", Refusal(folder.Write("e.npy", Numpy("<i8", false, [1, 2]))));
        Assert.Contains("row 0, column 1", Refusal(folder.Write("g.npy", Numpy("<f4", false, [1, float.NaN]))));
        Assert.Contains("bytes", Refusal(folder.Write("f.npy", Numpy("<f4", false, [1, 2])[..^1])));
    }

    private static byte[] Safetensors(float[] values)
    {
        var header = System.Text.Encoding.ASCII.GetBytes("""{"scores":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}""".PadRight(64));
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. values.SelectMany(BitConverter.GetBytes)];
    }

    private static byte[] Numpy(string type, bool fortran, float[] values, byte version = 1)
    {
        var shape = values.Length == 6 ? "(2, 3)" : "(1, 2)";
        var header = $"{{'descr': '{type}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': {shape}, }}".PadRight(117) + "\n";
        var body = type == "<f8" ? values.SelectMany(value => BitConverter.GetBytes((double)value)) : values.SelectMany(BitConverter.GetBytes);
        return [0x93, .. "NUMPY"u8, version, 0, (byte)header.Length, .. new byte[version == 1 ? 1 : 3], .. System.Text.Encoding.ASCII.GetBytes(header), .. body];
    }

    private static RecallScores Slow(Tensor scores, int[] map)
    {
        var rows = (int)scores.shape[0];
        float[] Row(int row) => scores[row].data<float>().ToArray();
        int[] Order(IEnumerable<float> row) => [.. row.Select((score, index) => (score, index)).OrderBy(pair => pair.score).Select(pair => pair.index).Reverse()];
        var text = Enumerable.Range(0, rows).Select(image => Array.FindIndex(Order(Row(image)), caption => map[caption] == image)).ToArray();
        var image = map.Select((own, caption) => Array.IndexOf(Order(Enumerable.Range(0, rows).Select(row => Row(row)[caption])), own)).ToArray();
        double At(int[] ranks, int k) => 100.0 * ranks.Count(rank => rank < k) / ranks.Length;
        return new RecallScores(At(text, 1), At(text, 5), At(text, 10), At(image, 1), At(image, 5), At(image, 10));
    }
}
