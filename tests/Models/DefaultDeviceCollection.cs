using Xunit;

namespace Madtp.Kit.Tests.Models;

/// <summary>Tests that change the process's default device; they run while no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class DefaultDeviceCollection
{
    public const string Name = "default device";
}
