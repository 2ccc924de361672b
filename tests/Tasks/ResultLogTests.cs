using Madtp.Kit.Tasks;
using Xunit;

namespace Madtp.Kit.Tests.Tasks;

public sealed class ResultLogTests : IDisposable
{
    private const int Batch = 3;
    private const int Total = 10;
    private readonly TemporaryFolder folder = new();

    private string Log => Path.Combine(folder.Path, "answers.jsonl");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Finished_batches_are_there_again()
    {
        Write(0, 3, 6);
        using var log = Open();
        Assert.Equal([0, 1, 2, 3, 4, 5], log.Finished.Select(r => r.Number));
        Assert.Equal("ünö\n\"", log.Finished[0].Text);
    }

    [Fact]
    public void A_last_batch_may_be_smaller()
    {
        Write(0, 3, 6, 9, 10);
        using var log = Open();
        Assert.Equal(Total, log.Finished.Count);
    }

    [Fact]
    public void Wherever_a_file_is_cut_off_whole_batches_remain_and_can_be_gone_on_with()
    {
        Write(0, 3, 6, 9, 10);
        var whole = File.ReadAllBytes(Log);
        for (var length = 0; length <= whole.Length; length += 7)
        {
            File.WriteAllBytes(Log, whole[..length]);
            int kept;
            using (var log = Open())
            {
                kept = log.Finished.Count;
                Assert.True(kept % Batch == 0 || kept == Total, $"{kept}");
                Assert.Equal(Enumerable.Range(0, kept), log.Finished.Select(r => r.Number));
            }

            Write([kept, .. new[] { 3, 6, 9, 10 }.Where(end => end > kept)]);
            Assert.Equal(whole, File.ReadAllBytes(Log));
        }
    }

    [Fact]
    public void What_stands_behind_a_broken_line_does_not_count()
    {
        Write(0, 3, 6, 9);
        var lines = File.ReadAllLines(Log);
        lines[4] = "\0\0\0";
        File.WriteAllLines(Log, lines);
        using var log = Open();
        Assert.Equal(Batch, log.Finished.Count);
    }

    [Fact]
    public void Two_processes_cannot_write_one_log()
    {
        using var log = Open();
        Assert.Throws<IOException>(() => Open());
    }

    [Fact]
    public void A_run_that_begins_anew_forgets_its_calibration()
    {
        var identity = new RunIdentity();
        identity.Claim(folder.Path, fresh: true);
        var calibration = folder.Write("calibration.json", "{}");
        identity.Claim(folder.Path, fresh: false);
        Assert.True(File.Exists(calibration));
        identity.Claim(folder.Path, fresh: true);
        Assert.False(File.Exists(calibration));
    }

    private ResultLog<Result> Open() => ResultLog<Result>.Open(Log, Batch, Total);

    // Appends batches that end at the numbers given, the first of which says where they begin.
    private void Write(params int[] ends)
    {
        using var log = Open();
        foreach (var (from, to) in ends.Zip(ends.Skip(1)))
            log.Append([.. Enumerable.Range(from, to - from).Select(n => new Result(n, "ünö\n\""))]);
    }

    private sealed record Result(int Number, string Text);
}
