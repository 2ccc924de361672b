using Madtp.Kit.Kernel;
using Madtp.Kit.Tests.Compat.Listing;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

/// <summary>The names notebooks see are .NET Interactive's, so that a notebook runs on either.</summary>
public class DisplayContractTests
{
    private const string Package = "Microsoft.DotNet.Interactive.Formatting-1.0.0-beta";

    [Fact]
    public void EveryMemberIsDotNetInteractives() => ListingContract.VerifyPart(
        typeof(KernelInfo).Assembly,
        line => line.StartsWith("Microsoft.DotNet.Interactive.Formatting.", StringComparison.Ordinal) || line.StartsWith("System.", StringComparison.Ordinal),
        Package);

    [Fact]
    public void EveryUsedLineIsInTheWholeListing() => ListingContract.VerifyAgainstWholeListings(Package);
}
