namespace Madtp.Kit.Experiments;

/// <summary>A row of one of the paper's tables.</summary>
/// <param name="Cells">Text and numbers by column; null where the paper prints nothing.</param>
public sealed record PaperRow(IReadOnlyDictionary<string, object?> Cells)
{
    /// <summary>A column's text.</summary>
    public string Text(string column) => (string)Cells[column]!;

    /// <summary>A column's number; null where the paper prints nothing.</summary>
    public double? Number(string column) => (double?)Cells[column];
}
