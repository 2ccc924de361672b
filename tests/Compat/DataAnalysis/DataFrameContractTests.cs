using Madtp.Kit.Tests.Compat.Listing;
using Microsoft.Data.Analysis;
using Xunit;

namespace Madtp.Kit.Tests.Compat.DataAnalysis;

public class DataFrameContractTests
{
    private const string Package = "Microsoft.Data.Analysis-0.23.0";

    [Fact]
    public void Every_member_is_the_packages() => ListingContract.Verify(typeof(DataFrame).Assembly, Package);

    [Fact]
    public void Every_used_line_is_in_the_whole_listing() => ListingContract.VerifyAgainstWholeListings(Package);
}
