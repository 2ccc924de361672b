using Madtp.Kit.Data;

namespace Madtp.Kit.Training;

/// <summary>The order of the examples. It is a function of seed and step alone, so that a run goes on after an interruption
/// exactly where it stood, with nothing to store but the step.</summary>
public sealed class EpochSampler
{
    private readonly int[] order;
    private readonly int batchSize;
    private readonly ulong seed;
    private int orderedEpoch = -1;

    /// <summary>An order over <paramref name="examples"/> examples.</summary>
    /// <exception cref="ArgumentException">There are fewer examples than a batch takes.</exception>
    public EpochSampler(int examples, int batchSize, long seed)
    {
        Guard.Argument(batchSize >= 1 && examples >= batchSize,
            $"{examples} examples do not fill a batch of {batchSize}", nameof(batchSize));
        order = new int[examples];
        this.batchSize = batchSize;
        this.seed = (ulong)seed;
    }

    /// <summary>Batches in an epoch; the examples left over differ from epoch to epoch.</summary>
    public int StepsPerEpoch => order.Length / batchSize;

    /// <summary>The examples of a step, counted from 0 over all epochs.</summary>
    public ReadOnlySpan<int> Batch(int step)
    {
        var epoch = step / StepsPerEpoch;
        if (epoch != orderedEpoch)
        {
            for (var i = 0; i < order.Length; i++)
            {
                order[i] = i;
            }

            new SeededRandom(SeededRandom.SeedFor(seed, (ulong)epoch)).Shuffle(order.AsSpan());
            orderedEpoch = epoch;
        }

        return order.AsSpan(step % StepsPerEpoch * batchSize, batchSize);
    }
}
