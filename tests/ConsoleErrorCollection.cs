using Xunit;

namespace Madtp.Kit.Tests;

/// <summary>Tests that take hold of the process's standard error: nothing runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ConsoleErrorCollection
{
    public const string Name = "standard error";
}
