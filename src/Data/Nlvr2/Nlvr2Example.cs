namespace Madtp.Kit.Data.Nlvr2;

/// <summary>One example of NLVR2: is the sentence true of the two images?</summary>
/// <param name="Sentence">The statement, as written.</param>
/// <param name="LeftImagePath">The left image's file.</param>
/// <param name="RightImagePath">The right image's file.</param>
/// <param name="Label">Whether the statement is true.</param>
/// <param name="Identifier">"split-set-pair-sentence".</param>
public sealed record Nlvr2Example(string Sentence, string LeftImagePath, string RightImagePath, bool Label, string Identifier)
{
    /// <summary>What the images show, where the file says so; in the toy world the kind of statement. Scores can be split by it.</summary>
    public string? Synset { get; init; }

    /// <summary>Examples with the same sentence: the identifier without its pair. Consistency asks for all of a group to be right.</summary>
    public string Group
    {
        get
        {
            var parts = Identifier.Split('-');
            return parts.Length == 4 ? $"{parts[0]}-{parts[1]}-{parts[3]}" : Identifier;
        }
    }
}
