using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Training;

public sealed class TrainingProgressTests
{
    [Fact]
    public void TheTimeLeftGoesByTheLoggedSteps()
    {
        var line = new TrainingRecord(10, 1) { Seconds = 40 };
        var progress = new TrainingProgress(12, 30, line, IsNew: false);
        Assert.Equal(TimeSpan.FromSeconds(72), progress.Left);
        Assert.Equal("step 12 of 30, 00:01:12 left", progress.ToString());
    }

    [Fact]
    public void NothingIsForetoldBeforeTheFirstLineNorAtTheEnd()
    {
        Assert.Null(new TrainingProgress(1, 30, null, IsNew: false).Left);
        Assert.Equal("step 1 of 30", new TrainingProgress(1, 30, null, IsNew: false).ToString());
        Assert.Equal("step 30 of 30", new TrainingProgress(30, 30, new TrainingRecord(30, 1) { Seconds = 40 }, IsNew: true).ToString());
    }
}
