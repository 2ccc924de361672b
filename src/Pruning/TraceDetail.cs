namespace Madtp.Kit.Pruning;

/// <summary>How much a trace keeps of each step.</summary>
public enum TraceDetail
{
    /// <summary>Tokens per sample.</summary>
    Counts,

    /// <summary>Also the original positions of the kept tokens.</summary>
    Positions,

    /// <summary>Also every score, threshold and selection, as tensors.</summary>
    Tensors,
}
