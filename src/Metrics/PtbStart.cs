namespace Madtp.Kit.Metrics;

/// <summary>Kinds of first characters, so that only rules that could match are tried.</summary>
[Flags]
internal enum PtbStart
{
    /// <summary>A letter, a mark that may stand in a word, a soft hyphen.</summary>
    Letter = 1,

    /// <summary>A digit.</summary>
    Digit = 2,

    /// <summary>An ampersand, which may begin a letter, a quote or a bracket written as a reference.</summary>
    Reference = 4,

    /// <summary>Anything else.</summary>
    Sign = 8,
}
