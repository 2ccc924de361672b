using Madtp.Kit.Tests.Compat.Listing;
using Microsoft.ML.Tokenizers;
using Xunit;

namespace Madtp.Kit.Tests.Compat.Tokenizers;

public class TokenizersContractTests
{
    private const string Package = "Microsoft.ML.Tokenizers-2.0.0";

    [Fact]
    public void Every_member_is_the_packages() => ListingContract.Verify(typeof(Tokenizer).Assembly, Package);

    [Fact]
    public void Every_used_line_is_in_the_whole_listing() => ListingContract.VerifyAgainstWholeListings(Package);
}
