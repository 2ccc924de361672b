using System.Globalization;
using System.Text.RegularExpressions;
using Madtp.Kit.Models;

namespace Madtp.Kit.Verification;

/// <summary>Reads how texts were generated from the name they were recorded under: <c>gen_beams3_max20_min5</c>.</summary>
internal static partial class GenerationName
{
    /// <summary>The settings in a name, or null where it is of something else.</summary>
    public static GenerationSettings? Read(string name) => Pattern().Match(name) is { Success: true } match
        ? new GenerationSettings { Beams = Number(match, 1), MaxLength = Number(match, 2), MinLength = Number(match, 3) }
        : null;

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^gen_beams(\d+)_max(\d+)_min(\d+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
