namespace Madtp.Kit.Pruning;

/// <summary>Second part of a policy: how many tokens does each sample keep?</summary>
public interface IKeepRule
{
    /// <summary>Decides from the importance.</summary>
    KeepDecision Decide(ImportanceScores importance, ReductionContext context);

    /// <summary>False where the rule keeps everything at this temperature, so that scoring can be left out.</summary>
    bool IsActive(double temperature) => true;

    /// <summary>Whether it reads the tokens' products with the learnable tokens.</summary>
    bool NeedsAlignment => false;
}
