using Madtp.Kit.Kernel.Formatting;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>How a cell ended.</summary>
/// <param name="Result">What its last expression gave, ready to show; null when there was none.</param>
/// <param name="Failure">Why it failed; null when it did not.</param>
internal sealed record CellOutcome(MimeBundle? Result, CellFailure? Failure)
{
    public static CellOutcome Failed(CellFailure failure) => new(null, failure);
}

/// <summary>Why a cell failed, as Jupyter shows it.</summary>
/// <param name="Name">The kind of error.</param>
/// <param name="Message">What happened, in a line.</param>
/// <param name="Trace">The lines to show: the error, where it came from, the source there.</param>
internal sealed record CellFailure(string Name, string Message, IReadOnlyList<string> Trace);
