using Xunit;

namespace Madtp.Kit.Tests;

/// <summary>Tests that need torch's random state, one for the whole process, to themselves; they run while no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RandomStateCollection
{
    public const string Name = "random state";
}
