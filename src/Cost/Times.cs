namespace Madtp.Kit.Cost;

/// <summary>How often a piece of work is done under each accounting.</summary>
/// <param name="Paper">In the published forward pass.</param>
/// <param name="Deploy">For an answer, nothing computed twice.</param>
/// <param name="ReferenceDeploy">For an answer, as the released code does it.</param>
internal readonly record struct Times(long Paper, long Deploy, long ReferenceDeploy)
{
    /// <summary>Once, whatever the accounting.</summary>
    public static readonly Times Once = new(1, 1, 1);

    /// <summary>Only in the published forward pass.</summary>
    public static Times OnPaper(long times) => new(times, 0, 0);

    /// <summary>Only for an answer at inference.</summary>
    public static Times AtInference(long deploy, long reference) => new(0, deploy, reference);
}
