using Madtp.Kit.Tests.Compat.Listing;
using Plotly.NET;
using Xunit;

namespace Madtp.Kit.Tests.Compat.Plotly;

public class PlotlyContractTests
{
    private static readonly string[] Packages = ["Plotly.NET-5.1.0", "Plotly.NET.CSharp-0.13.0"];

    [Fact]
    public void Every_member_is_the_packages() => ListingContract.Verify(typeof(GenericChart).Assembly, Packages);

    [Fact]
    public void Every_used_line_is_in_the_whole_listing() => ListingContract.VerifyAgainstWholeListings(Packages);
}
