using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public class ContrastiveLossTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.4)]
    [InlineData(1.0)]
    public void It_is_the_cross_entropy_written_out(double distillation)
    {
        using var scope = NewDisposeScope();
        manual_seed(9);
        const int batch = 3, queue = 4, width = 5;
        const double scale = 6;
        long[] ids = [7, 8, 7], queued = [8, -100, 7, -100];
        var online = ContrastiveFeatures.Normalized(randn(batch, width), randn(batch, width));
        var momentum = ContrastiveFeatures.Normalized(randn(batch, width), randn(batch, width));
        var queues = FeatureQueues.Create(width, queue) with { Index = tensor(queued, 1, queue) };
        var loss = ContrastiveLoss.Evaluate(online, momentum, queues, tensor(ids), tensor((float)scale), distillation).item<float>();

        var images = Columns(momentum.Image, queues.Image);
        var texts = Columns(momentum.Text, queues.Text);
        var expected = (Direction(Rows(online.Image), Rows(momentum.Image), texts) + Direction(Rows(online.Text), Rows(momentum.Text), images)) / 2;
        Assert.Equal(expected, loss, 4);

        double Direction(double[][] learning, double[][] copies, double[][] candidates)
        {
            var all = ids.Concat(queued).ToArray();
            var total = 0.0;
            for (var i = 0; i < batch; i++)
            {
                var share = 1.0 / all.Count(id => id == ids[i]);
                var soft = Softmax([.. candidates.Select(c => scale * Dot(copies[i], c))]);
                var hard = Softmax([.. candidates.Select(c => scale * Dot(learning[i], c))]);
                total -= Enumerable.Range(0, all.Length)
                    .Sum(j => ((distillation * soft[j]) + ((1 - distillation) * (all[j] == ids[i] ? share : 0))) * Math.Log(hard[j]));
            }

            return total / batch;
        }
    }

    [Fact]
    public void A_batch_larger_than_the_queue_is_refused()
    {
        using var scope = NewDisposeScope();
        var queues = FeatureQueues.Create(2, 3);
        var features = new ContrastiveFeatures(randn(4, 2), randn(4, 2));
        var error = Assert.Throws<ArgumentException>(() => queues.Enqueue(features, arange(4, dtype: int64)));
        Assert.Contains("batch of 4", error.Message, StringComparison.Ordinal);
    }

    private static double[][] Rows(Tensor matrix) => [.. matrix.data<float>().ToArray().Select(value => (double)value).Chunk((int)matrix.shape[1])];

    private static double[][] Columns(Tensor rows, Tensor queue) => [.. Rows(rows), .. Rows(queue.t().contiguous())];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[] Softmax(double[] logits)
    {
        var sum = logits.Sum(Math.Exp);
        return [.. logits.Select(logit => Math.Exp(logit) / sum)];
    }
}
