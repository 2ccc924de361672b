using Madtp.Kit.Cost;

namespace Madtp.Kit.Cli.Verbs;

/// <summary>What <c>./kit macs</c> has to say about one model.</summary>
/// <param name="Whole">The uncompressed model.</param>
/// <param name="Pruned">The same with the user's token counts, where given.</param>
internal sealed record MacsReport(MacLedger Whole, MacLedger? Pruned)
{
    public string Name => Whole.Model.Name;

    /// <summary>Deployed figures that the table's columns do not hold, by name.</summary>
    public IReadOnlyList<(string Name, string Meaning, long Macs)> Further => Whole.Model switch
    {
        RetrievalCost model =>
        [
            ("pair", "one image-text pair", Each(model, Accounting.ReferenceDeploy)),
            ("deploy_unpadded", "re-ranking with texts of about 13 tokens, unpadded", MacLedger.For(model with { PairTokens = 13 }).Total(Accounting.Deploy)),
        ],
        VqaCost model =>
        [
            ("before_decoding", "one image and one question", Sum(Accounting.Deploy, "visual_encoder.", "text_encoder.")),
            ("ranking", $"{model.Candidates} candidates, question keys once", Sum(Accounting.Deploy, "text_decoder.")),
            ("ranking_reference", $"{model.Candidates} candidates, question keys for each", Sum(Accounting.ReferenceDeploy, "text_decoder.")),
        ],
        _ => [],
    };

    private static long Each(RetrievalCost model, Accounting accounting) => MacLedger.For(model).Total(accounting) / model.Pairs;

    private long Sum(Accounting accounting, params string[] prefixes) =>
        Whole.Rows.Where(row => prefixes.Any(prefix => row.Module.StartsWith(prefix, StringComparison.Ordinal))).Sum(row => row.Of(accounting));
}
