namespace Madtp.Kit.Runtime;

/// <summary>How long something will still take, as people are told.</summary>
public static class TimeLeft
{
    /// <summary>"00:01:12 left", from a day on "1.02:03:04 left".</summary>
    public static string Of(TimeSpan time) => $"{TimeSpan.FromSeconds((long)time.TotalSeconds):c} left";
}
