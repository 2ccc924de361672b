using Madtp.Kit.Madtp;
using Xunit;

namespace Madtp.Kit.Tests.Madtp;

/// <summary>Every rival at a keep ratio, by name.</summary>
internal static class RivalPolicies
{
    public static IReadOnlyDictionary<string, Func<double, ReductionPolicy>> All { get; } = new Dictionary<string, Func<double, ReductionPolicy>>
    {
        ["STP"] = ratio => StaticPruning.Policy(ratio),
        ["Random"] = ratio => RandomPruning.Policy(ratio),
        ["EViT"] = ratio => Evit.Policy(ratio),
        ["EViT (drop)"] = ratio => Evit.Policy(ratio, fuse: false),
        ["ToMe"] = ratio => ToMe.Policy(ratio),
        ["CrossGET"] = ratio => CrossGet.Policy(ratio),
    };

    public static TheoryData<string> Names { get; } = [.. All.Keys];
}
