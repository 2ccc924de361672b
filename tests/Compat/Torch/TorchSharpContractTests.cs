using Madtp.Kit.Tests.Compat.Listing;
using TorchSharp;
using Xunit;

namespace Madtp.Kit.Tests.Compat.Torch;

public class TorchSharpContractTests
{
    private const string Package = "TorchSharp-0.106.0";

    [Fact]
    public void EveryMemberIsThePackages() => ListingContract.Verify(typeof(torch).Assembly, Package);

    [Fact]
    public void EveryUsedLineIsInTheWholeListing() => ListingContract.VerifyAgainstWholeListings(Package);
}
