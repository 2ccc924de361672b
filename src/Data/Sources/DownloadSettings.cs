namespace Madtp.Kit.Data.Sources;

/// <summary>How patient a download is.</summary>
public sealed record DownloadSettings
{
    /// <summary>How many times in a row it may fail without having got further.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>How long it waits after the first failure; twice as long after each further one.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the server may be silent.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);
}
