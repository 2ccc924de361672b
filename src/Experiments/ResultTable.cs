namespace Madtp.Kit.Experiments;

/// <summary>Tables of results, a row for each result and a line of code for each column.</summary>
/// <example>
/// <code>
/// ResultTable.Of(results)
///     .Text("method", r => r.Experiment.Method)
///     .Number("test %", r => 100 * r.Test)
///     .ToFrame()
/// </code>
/// </example>
public static class ResultTable
{
    /// <summary>A table of these results, without columns yet.</summary>
    public static ResultColumns<T> Of<T>(IEnumerable<T> results) => new([.. results]);
}
