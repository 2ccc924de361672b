using System.Text.RegularExpressions;

namespace Madtp.Kit.Metrics;

/// <summary>One way a token can look. Of all rules that match at a place the one that matches most text wins, then the one listed first.</summary>
/// <param name="Pattern">Anchored where the last token ended; the group <c>t</c>, where there is one, is the token and the rest must only follow.</param>
/// <param name="Starts">Which characters the pattern can start with.</param>
/// <param name="Rewrite">What the token is written as; null for as it stands, an empty result for nothing.</param>
/// <param name="GiveBack">How many characters at the token's end are read again as the next token.</param>
/// <param name="Repeats">Whether what is given back also stays in the token, as the period of an abbreviation that ends a sentence.</param>
internal sealed record PtbRule(Regex Pattern, PtbStart Starts, Func<string, string>? Rewrite = null, int GiveBack = 0, bool Repeats = false);
