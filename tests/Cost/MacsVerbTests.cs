using Madtp.Kit.Madtp;
using System.Text.Json.Nodes;
using Madtp.Kit.Cli.Verbs;
using Madtp.Kit.Cost;
using Xunit;

namespace Madtp.Kit.Tests.Cost;

public class MacsVerbTests
{
    [Fact]
    public void Json_maps_of_modules_sum_to_their_figures()
    {
        var pruned = MacLedger.For("blip-nlvr2").WithTokens([462, 369, 333, 310, 270, 267, 258, 251, 249, 242, 241, 223], null, ReductionPolicy.Fixed);
        var root = MacsJson.Of([new MacsReport(MacLedger.For("blip-nlvr2"), pruned), new MacsReport(MacLedger.For("blip-vqa"), null)]);
        foreach (var (_, model) in root)
        {
            Assert.Equal((long)model!["paper"]!, Sum(model["modules"]));
            Assert.Equal((long)model["paper_with_mag"]!, Sum(model["modules"]) + Sum(model["mag_modules"]));
            Assert.Equal((long)model["deploy"]!, Sum(model["deploy_modules"]));
        }

        Assert.Equal(pruned.Total(Accounting.Paper), (long)root["blip-nlvr2"]!["pruned"]!["paper"]!);
        Assert.Equal(pruned.Total(Accounting.Paper), Sum(root["blip-nlvr2"]!["pruned"]!["modules"]));
        Assert.Null(root["blip-vqa"]!["pruned"]);
    }

    [Theory]
    [InlineData("macs nosuch", "known are")]
    [InlineData("macs", "name a model")]
    [InlineData("macs blip-nlvr2 --vision-tokens 3,x", "'x' is not a token count")]
    [InlineData("macs blip-nlvr2 --text-length 0", "at least one token")]
    public void Input_that_cannot_be_used_is_named(string line, string says)
    {
        var parsed = MacsVerb.Create().Parse(line["macs".Length..]);
        var error = Assert.Throws<ArgumentException>(() => parsed.Invoke(new() { EnableDefaultExceptionHandler = false }));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private static long Sum(JsonNode? modules) => modules!.AsObject().Sum(module => (long)module.Value!);
}
