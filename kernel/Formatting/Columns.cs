using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>
/// How the items of a sequence fall into columns: members of objects, keys of dictionaries, places in tuples and lists.
/// </summary>
internal sealed record Columns(IReadOnlyList<string> Names, Func<object?, IReadOnlyList<object?>> Cells)
{
    /// <summary>The columns that suit every item; null when the items have nothing in common.</summary>
    public static Columns? Of(IReadOnlyList<object?> items)
    {
        var present = items.OfType<object>().ToList();
        if (present.All(item => item is IDictionary))
            return Keyed([.. present.Cast<IDictionary>().SelectMany(row => row.Keys.Cast<object>()).Distinct()]);

        if (present.All(item => item is ITuple))
        {
            return Placed(present.Cast<ITuple>().Max(row => row.Length),
                item => item is ITuple row ? [.. Enumerable.Range(0, row.Length).Select(i => row[i])] : [], "Item", 1);
        }

        if (present.All(item => item is IList and not Array { Rank: > 1 }))
        {
            const int Widest = 50;
            var width = present.Cast<IList>().Max(row => row.Count);
            return width is 0 or > Widest ? null
                : Placed(width, item => item is IList row ? [.. row.Cast<object?>()] : [], "", 0);
        }

        return present.All(item => item is not IEnumerable and not ITuple && Shape.IsStructured(item.GetType()))
            ? Members(present) : null;
    }

    private static Columns Keyed(List<object> keys) =>
        new([.. keys.Select(PlainText.Of)],
            item => [.. keys.Select(key => item is IDictionary row && row.Contains(key) ? row[key] : "")]);

    private static Columns Placed(int width, Func<object?, List<object?>> cells, string prefix, int first) =>
        new([.. Enumerable.Range(first, width).Select(i => prefix + i.ToString(CultureInfo.InvariantCulture))], item =>
        {
            var row = cells(item);
            row.AddRange(Enumerable.Repeat<object?>("", width - row.Count));
            return row;
        });

    private static Columns Members(List<object> items)
    {
        var members = items.Select(item => item.GetType()).Distinct()
            .ToDictionary(type => type, type => Shape.MembersOf(type).ToDictionary(member => member.Name));
        List<string> names = [.. members.Values.SelectMany(each => each.Keys).Distinct()];
        return new Columns(names,
            item => [.. names.Select(
            name => item is null ? null : members[item.GetType()].TryGetValue(name, out var member) ? member.ValueIn(item)
            : "")]);
    }
}
