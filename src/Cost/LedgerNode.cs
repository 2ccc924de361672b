namespace Madtp.Kit.Cost;

/// <summary>A module in the ledger's tree: its own row if it is a leaf, the sum of its parts otherwise.</summary>
/// <param name="Name">The module's name under its parent; <c>*</c> where layers were summed.</param>
/// <param name="Sum">What it costs with all its parts.</param>
/// <param name="Parts">Its parts, in the order they run.</param>
public sealed record LedgerNode(string Name, LedgerRow Sum, IReadOnlyList<LedgerNode> Parts)
{
    /// <summary>The whole tree of some rows. With <paramref name="sumLayers"/> numbered layers become one node <c>*</c>.</summary>
    internal static LedgerNode Of(string name, IEnumerable<LedgerRow> rows, bool sumLayers) =>
        Gather(name, "", [.. rows.Select(row => (row.Module.Split('.'), row))], 0, sumLayers);

    private static LedgerNode Gather(string name, string path, IReadOnlyList<(string[] Parts, LedgerRow Row)> rows, int depth, bool sumLayers)
    {
        var sum = rows.Select(entry => entry.Row).Aggregate((a, b) => a.Plus(b)) with { Module = path };
        var parts = new List<LedgerNode>();
        foreach (var group in rows.Where(entry => entry.Parts.Length > depth).GroupBy(entry => Part(entry.Parts[depth], sumLayers)))
        {
            parts.Add(Gather(group.Key, path.Length == 0 ? group.Key : $"{path}.{group.Key}", [.. group], depth + 1, sumLayers));
        }

        return new LedgerNode(name, sum, parts);
    }

    private static string Part(string part, bool sumLayers) => sumLayers && int.TryParse(part, out _) ? "*" : part;
}
