using Madtp.Kit.Cost;
using Xunit;

namespace Madtp.Kit.Tests.Cost;

public class TurnTimingTests
{
    [Fact]
    public void Candidates_take_turns_after_one_round_to_warm_up()
    {
        var order = new List<int>();
        Assert.Equal(2, TurnTiming.Medians([() => order.Add(0), () => order.Add(1)], seconds: 0, leastRounds: 3).Count);
        Assert.Equal([0, 1, 0, 1, 0, 1, 0, 1], order);
    }

    [Fact]
    public void Rounds_end_when_enough_is_known()
    {
        var runs = 0;
        TurnTiming.Medians([() => runs++], seconds: 3600, mostRounds: 5);
        Assert.Equal(6, runs);
    }

    [Fact]
    public void A_median_is_in_milliseconds_and_no_single_slow_run_moves_it()
    {
        var run = 0;
        var median = TurnTiming.Medians([() => Thread.Sleep(run++ == 2 ? 400 : 20)], seconds: 0, leastRounds: 5)[0];
        Assert.InRange(median, 19, 300);
    }

    [Fact]
    public void The_median_of_an_even_number_of_runs_is_the_mean_of_the_middle_two() => Assert.Equal(2.5, Timing.Of([10, 1, 3, 2]).Median);

    [Fact]
    public void Nothing_is_measured_in_no_round() => Assert.Throws<ArgumentException>(() => TurnTiming.Medians([() => { }], 1, leastRounds: 0));
}
