using System.Text.RegularExpressions;
using Madtp.Kit.Cost;

namespace Madtp.Kit.Tests.Cost;

/// <summary>Sums over the rows that token reduction adds to a ledger, by the ends of their names.</summary>
internal static class LedgerParts
{
    public const string Alignment = @"\.alignment\.\w+$";
    public const string Scoring = @"\.reduction\.\w+(?<!sort)$";
    public const string Sorting = @"\.reduction\.sort$";
    public const string Matching = @"\.reduction\.importance\.products$";
    public const string Merging = @"\.reduction\.merge\.products$";

    public static long Total(this MacLedger ledger, Accounting accounting, string part) =>
        ledger.Rows.Where(row => Regex.IsMatch(row.Module, part)).Sum(row => row.Of(accounting));
}
