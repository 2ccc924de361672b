using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// Tests run one after the other: they share torch's random state, its default device and libtorch's threads. Classes that only
// start processes, or compute without torch, run beside them, each as a collection of its own: [Collection(nameof(Class))].
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]
[assembly: TestCollectionOrderer(typeof(Madtp.Kit.Tests.LongestFirst))]

namespace Madtp.Kit.Tests;

/// <summary>
/// Tests that take hold of what the whole process shares, its standard output or torch's default device: nothing runs beside them.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}

/// <summary>Begins with what takes longest: the tests that share torch, then those that start the longest processes.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        nameof(FrozenTests), nameof(Training.RanksTests), Kernel.KernelCollection.Name, nameof(Training.KilledTrainingTests),
        nameof(Cli.InterruptedVerbTests), nameof(Kernel.PackageTests), nameof(Notebooks.PaperScaleTests),
        nameof(Notebooks.NotebookCompileTests), nameof(Kernel.LifecycleTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(one => Place(one)).ThenBy(one => one.TestCollectionDisplayName, StringComparer.Ordinal)];

    private static int Place(ITestCollection collection) =>
        collection.TestCollectionDisplayName.StartsWith("Test collection for", StringComparison.Ordinal) ? -1
        : Array.IndexOf(Long, collection.TestCollectionDisplayName) is >= 0 and var place ? place : Long.Length;
}
