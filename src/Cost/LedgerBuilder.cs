namespace Madtp.Kit.Cost;

/// <summary>Collects rows; work of the same name is summed, in the order of first mention.</summary>
internal sealed class LedgerBuilder
{
    private readonly List<LedgerRow> rows = [];
    private readonly Dictionary<string, int> places = [];

    public IReadOnlyList<LedgerRow> Rows => rows;

    /// <summary>Work of the model itself, counted by every accounting as often as it is done.</summary>
    public void Model(string module, long macs, Times times) =>
        Add(new LedgerRow(module, CostKind.Model, macs * times.Paper, macs * times.Paper, macs * times.Deploy, macs * times.ReferenceDeploy));

    /// <summary>Work that a method adds: each accounting is told apart, since a tracer sees only what the answer depends on.</summary>
    public void Overhead(string module, CostKind kind, long paper, long withAlignment, long deploy, Times times) =>
        Add(new LedgerRow(module, kind, paper * times.Paper, withAlignment * times.Paper, deploy * times.Deploy, deploy * times.ReferenceDeploy));

    /// <summary>Layer normalisation, five per element.</summary>
    public void Norm(string module, long tokens, long width, Times times) => Model(module, 5 * tokens * width, times);

    /// <summary>A linear map of some tokens.</summary>
    public void Linear(string module, long tokens, long input, long output, Times times) => Model(module, tokens * input * output, times);

    private void Add(LedgerRow row)
    {
        if (places.TryGetValue(row.Module, out var place))
        {
            rows[place] = rows[place].Plus(row);
            return;
        }

        places.Add(row.Module, rows.Count);
        rows.Add(row);
    }
}
