namespace Madtp.Kit.Compression;

/// <summary>What UPop's search is told.</summary>
public sealed record UPopSettings
{
    /// <summary>Share of the regular model's multiply-accumulates that the smaller model may cost, between 0 and 1.</summary>
    public required double MacShare { get; init; }

    /// <summary>Steps between two choices of what to prune.</summary>
    public int UpdateEvery { get; init; } = 50;
}
