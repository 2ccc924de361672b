
namespace Madtp.Kit.Kernel.Execution;

/// <summary>Why a cell failed, as Jupyter shows it.</summary>
/// <param name="Name">The kind of error.</param>
/// <param name="Message">What happened, in a line.</param>
/// <param name="Trace">The lines to show: the error, where it came from, the source there.</param>
internal sealed record CellFailure(string Name, string Message, IReadOnlyList<string> Trace);
