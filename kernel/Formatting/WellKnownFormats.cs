using System.Collections;
using System.Globalization;
using System.Reflection;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>Types of well-known packages, recognised by name so that the kernel refers to none of them: images of ImageSharp, data frames.</summary>
internal static class WellKnownFormats
{
    public const string Png = "image/png";

    /// <summary>An ImageSharp image as PNG, in base64.</summary>
    public static string? TryPng(object value)
    {
        if (BaseNamed(value, "SixLabors.ImageSharp.Image") is not { } image)
        {
            return null;
        }

        var save = image.Assembly.GetType("SixLabors.ImageSharp.ImageExtensions")?.GetMethod("SaveAsPng", [image, typeof(Stream)]);
        if (save is null)
        {
            return null;
        }

        using var stream = new MemoryStream();
        save.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [value, stream], CultureInfo.InvariantCulture);
        return Convert.ToBase64String(stream.GetBuffer(), 0, (int)stream.Length);
    }

    public static string? TryPlain(object value) => BaseNamed(value, "SixLabors.ImageSharp.Image") is { } image
        ? $"image, {image.GetProperty("Width")?.GetValue(value)} × {image.GetProperty("Height")?.GetValue(value)}"
        : null;

    /// <summary>A data frame as a table of its first rows.</summary>
    public static string? TryHtml(object value)
    {
        if (BaseNamed(value, "Microsoft.Data.Analysis.DataFrame")?.GetProperty("Columns")?.GetValue(value) is not IEnumerable found)
        {
            return null;
        }

        var columns = found.Cast<object>().ToList();
        var limit = Formatter.ListExpansionLimit;
        var cells = columns.ConvertAll(column => column is IEnumerable items ? items.Cast<object?>().Take(limit + 1).ToList() : []);
        var rows = cells.Count == 0 ? 0 : cells.Max(column => column.Count);
        var table = Enumerable.Range(0, Math.Min(rows, limit)).Select(row => (IReadOnlyList<object?>)[.. cells.Select(column => row < column.Count ? column[row] : null)]);
        return HtmlTable.Of([.. columns.Select(column => column.GetType().GetProperty("Name")?.GetValue(column)?.ToString() ?? "")], table, rows > limit ? "… more rows" : null);
    }

    private static Type? BaseNamed(object value, string name)
    {
        for (var type = value.GetType(); type is not null; type = type.BaseType)
        {
            if (type.FullName == name)
            {
                return type;
            }
        }

        return null;
    }
}
