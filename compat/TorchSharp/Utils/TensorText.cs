using System.Globalization;
using System.Text;

namespace TorchSharp.Utils;

/// <summary>A tensor's numbers as text, the middle of long dimensions left out.</summary>
internal sealed class TensorText
{
    private const int Edge = 6;

    private readonly torch.Tensor tensor;
    private readonly int width;
    private readonly string newLine;
    private readonly long[] shape;
    private readonly Func<long[], string> element;

    public TensorText(torch.Tensor tensor, string format, int width, CultureInfo culture, string newLine)
    {
        this.tensor = tensor;
        this.width = width;
        this.newLine = newLine;
        shape = tensor.shape;
        element = Reader(tensor, format, culture);
    }

    public static string Metadata(torch.Tensor tensor)
    {
        var head = $"[{string.Join("x", tensor.shape)}], type = {tensor.dtype}, device = {tensor.device}";
        return tensor.ndim == 0 ? $"{head}, value = {Single(tensor)}" : head;
    }

    /// <summary>Brackets within brackets.</summary>
    public string Nested() => Nested([]);

    /// <summary>The metadata, then a table for each matrix.</summary>
    public string Tabulated()
    {
        if (shape.Length == 0)
        {
            return Metadata(tensor);
        }

        var text = new StringBuilder(Metadata(tensor)).Append(newLine);
        foreach (var matrix in Matrices([]))
        {
            if (matrix.Length > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"[{string.Join(",", matrix)},..,..] =").Append(newLine);
            }

            Table(text, matrix);
        }

        return text.ToString();
    }

    private static string Single(torch.Tensor tensor)
        => tensor.is_integral() && tensor.dtype != torch.ScalarType.Bool
            ? tensor.ToInt64().ToString(CultureInfo.InvariantCulture)
            : tensor.dtype == torch.ScalarType.Bool ? tensor.ToBoolean().ToString() : tensor.ToDouble().ToString("g5", CultureInfo.InvariantCulture);

    private static Func<long[], string> Reader(torch.Tensor tensor, string format, CultureInfo culture)
    {
        using var local = tensor.detach().cpu();
        if (tensor.dtype == torch.ScalarType.Bool)
        {
            var flags = local.data<bool>();
            return at => flags[at].ToString(culture);
        }

        if (tensor.is_integral())
        {
            var integers = local.to_type(torch.ScalarType.Int64).data<long>();
            return at => integers[at].ToString(culture);
        }

        var reals = local.to_type(torch.ScalarType.Float64).data<double>();
        return at => reals[at].ToString(format, culture);
    }

    // Which indices of a dimension are shown; null stands for those left out.
    private static IEnumerable<long?> Shown(long size)
    {
        for (long i = 0; i < size; i++)
        {
            if (size > 2 * Edge && i == Edge)
            {
                yield return null;
                i = size - Edge;
            }

            yield return i;
        }
    }

    private string Nested(long[] prefix)
    {
        if (prefix.Length == shape.Length)
        {
            return element(prefix);
        }

        var last = prefix.Length == shape.Length - 1;
        var separator = last ? " " : newLine + new string(' ', prefix.Length + 1);
        return $"[{string.Join(separator, Shown(shape[prefix.Length]).Select(at => at is { } index ? Nested([.. prefix, index]) : "..."))}]";
    }

    private IEnumerable<long[]> Matrices(long[] prefix)
        => prefix.Length >= shape.Length - 2
            ? [prefix]
            : Shown(shape[prefix.Length]).OfType<long>().SelectMany(index => Matrices([.. prefix, index]));

    private void Table(StringBuilder text, long[] matrix)
    {
        var rows = shape.Length == 1
            ? [Shown(shape[0]).Select(column => column is { } at ? element([at]) : "...").ToArray()]
            : Shown(shape[^2]).Select(row => Shown(shape[^1])
                .Select(column => row is { } r && column is { } c ? element([.. matrix, r, c]) : "...").ToArray()).ToArray();
        var widest = rows.SelectMany(row => row).Select(cell => cell.Length).DefaultIfEmpty(0).Max();
        foreach (var row in rows)
        {
            var line = string.Concat(row.Select(cell => " " + cell.PadLeft(widest)));
            text.Append(line.Length > width ? line[..width] + "..." : line).Append(newLine);
        }
    }
}
