using Madtp.Kit.Tests.Compat.Listing;
using SixLabors.ImageSharp;
using Xunit;

namespace Madtp.Kit.Tests.Compat.ImageSharp;

public class ImageSharpContractTests
{
    private const string Package = "SixLabors.ImageSharp-3.1.12";

    [Fact]
    public void EveryMemberIsThePackages() => ListingContract.Verify(typeof(Image).Assembly, Package);

    [Fact]
    public void EveryUsedLineIsInTheWholeListing() => ListingContract.VerifyAgainstWholeListings(Package);
}
