using System.Globalization;
using Madtp.Kit.Data;

namespace Madtp.Kit.Metrics;

/// <summary>What the files that scores are computed from have in common.</summary>
internal static class MetricFile
{
    /// <summary>A number that names an image, a question or a person; some programs write it in quotes.</summary>
    /// <exception cref="InvalidDataException">There is none; the message names file and line.</exception>
    public static long Id(this JsonRecord record, string name) =>
        long.TryParse(record.Label(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var id)
            ? id
            : record.Number(name);
}
