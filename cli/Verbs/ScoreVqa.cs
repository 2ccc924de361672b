using System.CommandLine;
using System.Text.Json.Nodes;
using Madtp.Kit.Metrics;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit score vqa</c>.</summary>
internal static class ScoreVqa
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var results = ScoreVerb.Required("--results", "Predicted answers: [{\"question_id\": …, \"answer\": …}, …].");
        var annotations = ScoreVerb.Required("--annotations", "The official annotations, v2_mscoco_*_annotations.json.");
        var questions = new Option<string?>("--questions") { Description = "The official questions; where given, they must be those of the annotations.", HelpName = "FILE" };
        var version = new Option<string>("--version") { Description = "Which official evaluation: current, or 2016 (which LAVIS still carries).", DefaultValueFactory = _ => "current" };
        version.AcceptOnlyFromAmong("current", "2016");
        var perQuestion = new Option<bool>("--per-question") { Description = "With --json: every question's accuracy too." };
        var json = ScoreVerb.Json();
        var command = new Command("vqa", "VQA accuracy in percent, overall and by question and answer type.") { results, annotations, questions, version, perQuestion, json };
        command.SetAction(parsed =>
        {
            var which = parsed.GetValue(version) == "2016" ? VqaVersion.From2016 : VqaVersion.Current;
            var scores = VqaAccuracy.ComputeFiles(parsed.GetRequiredValue(results), parsed.GetRequiredValue(annotations), parsed.GetValue(questions), which);
            if (parsed.GetValue(json))
            {
                ScoreTable.Print(parsed, AsJson(scores, parsed.GetValue(perQuestion)));
            }
            else
            {
                ScoreTable.Print($"{scores.PerQuestion.Count} questions",
                [
                    ("overall", ScoreTable.Percent(scores.Overall)),
                    .. scores.PerAnswerType.Select(pair => ($"  {pair.Key}", ScoreTable.Percent(pair.Value))),
                    ("by question type", ""),
                    .. scores.PerQuestionType.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => ($"  {pair.Key}", ScoreTable.Percent(pair.Value))),
                ]);
            }
        });
        return command;
    }

    // Under the names that the official evaluation gives them.
    private static JsonObject AsJson(VqaScores scores, bool perQuestion)
    {
        var result = new JsonObject { ["overall"] = scores.Overall, ["perQuestionType"] = Map(scores.PerQuestionType), ["perAnswerType"] = Map(scores.PerAnswerType) };
        if (perQuestion)
        {
            result["perQuestion"] = new JsonArray([.. scores.PerQuestion.Select(pair => (JsonNode)new JsonObject { ["question_id"] = pair.Key, ["accuracy"] = pair.Value })]);
        }

        return result;
    }

    private static JsonObject Map(IEnumerable<KeyValuePair<string, double>> scores) => new(scores.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
}
