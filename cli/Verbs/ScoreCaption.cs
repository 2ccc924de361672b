using System.CommandLine;
using System.Text.Json.Nodes;
using Madtp.Kit.Metrics;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit score caption</c>.</summary>
internal static class ScoreCaption
{
    private const string Absent = "absent";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var results = ScoreVerb.Required("--results", "Generated captions: [{\"image_id\": …, \"caption\": …}, …].");
        var annotations = ScoreVerb.Required("--annotations", "COCO captions: {\"images\": […], \"annotations\": [{\"image_id\": …, \"caption\": …}, …]}.");
        var subset = new Option<bool>("--subset") { Description = "Leave images without a generated caption out, instead of refusing." };
        var meteor = new Option<string?>("--meteor") { Description = "METEOR's official meteor-1.5.jar (or set KIT_METEOR_JAR); needs Java.", HelpName = "JAR" };
        var spice = new Option<string?>("--spice") { Description = "SPICE's official spice-1.0.jar (or set KIT_SPICE_JAR); needs Java.", HelpName = "JAR" };
        var perImage = new Option<bool>("--per-image") { Description = "With --json: every image's scores too." };
        var json = ScoreVerb.Json();
        var command = new Command("caption", "BLEU-1 to 4, ROUGE-L and CIDEr-D after PTB tokenization, as COCO's evaluation; METEOR and SPICE by their official programs.")
        {
            results, annotations, subset, meteor, spice, perImage, json,
        };
        command.SetAction(parsed =>
        {
            var captions = CaptionSet.Read(parsed.GetRequiredValue(results), parsed.GetRequiredValue(annotations), parsed.GetValue(subset));
            var scores = CaptionMetrics.Compute(captions, Jar(parsed.GetValue(meteor), "KIT_METEOR_JAR"), Jar(parsed.GetValue(spice), "KIT_SPICE_JAR"));
            if (parsed.GetValue(json))
            {
                ScoreTable.Print(parsed, AsJson(scores, parsed.GetValue(perImage)));
            }
            else
            {
                PrintTable(scores);
            }
        });
        return command;
    }

    private static string? Jar(string? option, string variable) => option ?? (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? path : null);

    private static void PrintTable(CaptionScores scores)
    {
        ScoreTable.Print($"{scores.Images.Count} captions",
        [
            .. scores.Bleu.Select((value, n) => ($"BLEU-{n + 1}", ScoreTable.Fraction(value))),
            ("METEOR", scores.Meteor is { } meteor ? ScoreTable.Fraction(meteor) : Absent),
            ("ROUGE-L", ScoreTable.Fraction(scores.RougeL)),
            ("CIDEr-D", ScoreTable.Fraction(scores.Cider)),
            ("SPICE", scores.Spice is { } spice ? ScoreTable.Fraction(spice) : Absent),
        ]);
        if (scores.Meteor is null || scores.Spice is null)
        {
            Terminal.Out.WriteLine("METEOR and SPICE are scored by their official programs: --meteor JAR, --spice JAR.");
        }
    }

    private static JsonObject AsJson(CaptionScores scores, bool perImage)
    {
        var result = Scores(scores.Bleu, scores.RougeL, scores.Cider, scores.Meteor, scores.Spice);
        result["images"] = scores.Images.Count;
        if (perImage)
        {
            result["per_image"] = new JsonArray([.. scores.Images.Select(image =>
            {
                var item = new JsonObject { ["image_id"] = image.ImageId };
                foreach (var (name, value) in Scores(image.Bleu, image.RougeL, image.Cider, image.Meteor, image.Spice))
                {
                    item[name] = value?.DeepClone();
                }

                return (JsonNode)item;
            })]);
        }

        return result;
    }

    // Under the names that COCO's evaluation prints; null is a score that was not asked for.
    private static JsonObject Scores(IReadOnlyList<double> bleu, double rouge, double cider, double? meteor, double? spice)
    {
        var scores = new JsonObject();
        for (var n = 0; n < bleu.Count; n++)
        {
            scores[$"Bleu_{n + 1}"] = bleu[n];
        }

        scores["METEOR"] = meteor;
        scores["ROUGE_L"] = rouge;
        scores["CIDEr"] = cider;
        scores["SPICE"] = spice is { } value && double.IsFinite(value) ? value : null;
        return scores;
    }
}
