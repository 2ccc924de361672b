using Madtp.Kit.Cli;
using Madtp.Kit.Tasks;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

public class ProgressViewTests
{
    // The first split took its time; what is left of the second is not foretold by that.
    [Fact]
    public void A_second_split_begins_a_line_and_a_forecast_of_its_own()
    {
        var output = new StringWriter { NewLine = "\n" };
        using var view = new ProgressView(output, live: true);
        view.Report(new EvaluationProgress("answers", 0, 10));
        view.Report(new EvaluationProgress("answers", 10, 10));
        view.Report(new EvaluationProgress("answers", 1, 100));
        var lines = output.ToString().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.EndsWith("answers: 10 of 10, 00:00:00 left\u001b[K", lines[0], StringComparison.Ordinal);
        Assert.Equal("\ranswers: 1 of 100\u001b[K", lines[1]);
    }
}
