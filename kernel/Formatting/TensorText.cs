using System.Globalization;
using System.Text;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>
/// Tensors of TorchSharp as text: shape, type, device, and the numbers. Recognised by name, reached by reflection.
/// </summary>
internal static class TensorText
{
    private const long MostCopied = 100_000;
    private const int Edge = 3, WholeUpTo = 1000;

    /// <summary>Alone, a tensor is shown whole; inside another value, in a few words.</summary>
    public static void Register(Type tensor)
    {
        KernelFormats.Add(tensor, KernelFormats.Plain,
            (value, context) => context.Writer.Write(context.Depth > 1 ? Summary(value) : Whole(value)));
        KernelFormats.Add(tensor, KernelFormats.Html, (value, context) =>
            context.Writer.Write(context.Depth > 1 ? Summary(value) : HtmlTable.Preformatted(Whole(value))));
    }

    public static bool Is(object? value) => value is not null && Of(value) is not null;

    /// <summary>In a few words: <c>Tensor [2, 3] Float32 on cpu</c>.</summary>
    public static string Summary(object tensor) =>
        Get(tensor, "IsInvalid") is true ? "Tensor (disposed)"
            : $"Tensor [{string.Join(", ", Sizes(tensor))}] {Get(tensor, "dtype")} on {Get(tensor, "device")}";

    /// <summary>The summary, and below it the numbers; of a big tensor only the edges, of a huge one none.</summary>
    public static string Whole(object tensor)
    {
        var summary = Summary(tensor);
        if (Get(tensor, "IsInvalid") is true || Get(tensor, "NumberOfElements") is not long count || count is 0 or > MostCopied
            || Texts(tensor) is not { } texts)
        {
            return summary;
        }

        var text = new StringBuilder(summary).Append('\n');
        Write(text, new Numbers(texts, Sizes(tensor), count > WholeUpTo), 0, 0);
        return text.ToString();
    }

    private static void Write(StringBuilder text, Numbers numbers, int dimension, int offset)
    {
        if (dimension == numbers.Sizes.Length)
        {
            text.Append(numbers.Formatted(offset));
            return;
        }

        var innermost = dimension == numbers.Sizes.Length - 1;
        var separator = innermost ? " "
            : string.Concat(Enumerable.Repeat("\n", Math.Min(2, numbers.Sizes.Length - 1 - dimension)))
            + new string(' ', dimension + 1);
        var length = (int)numbers.Sizes[dimension];
        text.Append('[');
        for (var i = 0; i < length; i++)
        {
            text.Append(i > 0 ? separator : "");
            if (numbers.Cut && length > 2 * Edge && i == Edge)
            {
                text.Append('…');
                i = length - Edge - 1;
                continue;
            }

            Write(text, numbers, dimension + 1, offset + (i * numbers.Stride(dimension)));
        }

        text.Append(']');
    }

    // Complex numbers would lose a part, so there are none of them.
    private static string[]? Texts(object tensor)
    {
        var type = $"{Get(tensor, "dtype")}";
        return type.StartsWith("Complex", StringComparison.Ordinal) ? null
            : type.Contains("Float", StringComparison.Ordinal) ? Values<double>(tensor, "double") is { } values
                ? Texts(values) : null
            : Values<long>(tensor, "long")?.Select(value => value.ToString(CultureInfo.InvariantCulture)).ToArray();
    }

    private static string[] Texts(double[] values)
    {
        var finite = values.Where(double.IsFinite).ToList();
        var largest = finite.Count == 0 ? 0 : finite.Max(Math.Abs);
        var format = finite.TrueForAll(double.IsInteger) && largest < 1e15 ? "0" : largest is >= 1e-3 and < 1e6 ? "0.0000"
            : "0.0000e+00";
        return [.. values.Select(value => double.IsNaN(value) ? "nan"
            : double.IsInfinity(value) ? (value > 0 ? "inf" : "-inf") : value.ToString(format, CultureInfo.InvariantCulture))];
    }

    private static T[]? Values<T>(object tensor, string conversion)
    {
        var steps = new List<object>();
        try
        {
            var current = tensor;
            foreach (var name in new[] { "detach", "cpu", conversion, "contiguous" })
            {
                if (Of(current)!.GetMethod(name, Type.EmptyTypes)?.Invoke(current, null) is not { } next)
                    return null;

                steps.Add(current = next);
            }

            var data = Of(current)!.GetMethod("data", 1, Type.EmptyTypes)?.MakeGenericMethod(typeof(T))
                .Invoke(current, null);
            return data?.GetType().GetMethod("ToArray", Type.EmptyTypes)?.Invoke(data, null) as T[];
        }
        finally
        {
            steps.ForEach(step => (step as IDisposable)?.Dispose());
        }
    }

    private static long[] Sizes(object tensor) => (long[])Get(tensor, "shape")!;

    private static object? Get(object tensor, string property) => Of(tensor)!.GetProperty(property)?.GetValue(tensor);

    private static Type? Of(object value)
    {
        var type = value.GetType();
        while (type is not null && type.FullName != "TorchSharp.torch+Tensor")
            type = type.BaseType;

        return type;
    }

    // One width for all numbers, so that columns stand straight.
    private sealed class Numbers(string[] texts, long[] sizes, bool cut)
    {
        private readonly int width = texts.Max(each => each.Length);

        public long[] Sizes => sizes;

        public bool Cut => cut;

        public string Formatted(int offset) => texts[offset].PadLeft(width);

        public int Stride(int dimension) => (int)Sizes.Skip(dimension + 1).Aggregate(1L, (product, size) => product * size);
    }
}
