using Xunit;

namespace Madtp.Kit.Tests.Kernel;

/// <summary>Tests that share one kernel: each leaves it able to run the next cell.</summary>
[CollectionDefinition(Name)]
public sealed class KernelCollection : ICollectionFixture<SharedKernel>
{
    public const string Name = "kernel";
}
