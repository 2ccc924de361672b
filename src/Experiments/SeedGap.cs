namespace Madtp.Kit.Experiments;

/// <summary>The difference between two scores that were each measured with several seeds.</summary>
/// <param name="Points">The first mean minus the second, in per cent.</param>
/// <param name="Error">Two standard errors of that difference, in per cent: 2·√(s₁²/n₁ + s₂²/n₂); null where one side has a single seed.</param>
public sealed record SeedGap(double Points, double? Error)
{
    /// <summary>Whether the difference is larger than its error.</summary>
    public bool IsClear => Math.Abs(Points) > Error;

    /// <summary>The difference of two scores, 0 to 1 each.</summary>
    public static SeedGap Between(Spread first, Spread second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        double? error = first.Count < 2 || second.Count < 2
            ? null
            : 200 * Math.Sqrt((first.Deviation * first.Deviation / first.Count) + (second.Deviation * second.Deviation / second.Count));
        return new SeedGap(100 * (first.Mean - second.Mean), error);
    }

    /// <summary>Who leads, in words: "MADTP is ahead", or why nobody can say.</summary>
    /// <param name="first">Name of the first.</param>
    /// <param name="second">Name of the second.</param>
    public string Verdict(string first, string second) =>
        Error is null ? "one seed cannot tell" : !IsClear ? "too close to tell" : $"{(Points > 0 ? first : second)} is ahead";

    /// <summary>The difference and its error, such as "−1.0 points (two standard errors: 0.4)".</summary>
    public override string ToString() => FormattableString.Invariant($"{Points:+0.0;−0.0;0.0} points ({(Error is { } error ? FormattableString.Invariant($"two standard errors: {error:0.0}") : "one seed")})");
}
