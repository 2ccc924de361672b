using System.CommandLine;
using System.Text.Json.Nodes;
using Madtp.Kit.Metrics;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit score nlvr2</c>.</summary>
internal static class ScoreNlvr2
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var predictions = ScoreVerb.Required("--predictions", "Lines identifier,label, such as dev-850-0-0,True.");
        var annotations = ScoreVerb.Required("--annotations", "NLVR2's JSON lines (dev.json, test1.json) with identifier and label.");
        var json = ScoreVerb.Json();
        var command = new Command("nlvr2", "Accuracy, and consistency: the part of sentences with all their pairs right.") { predictions, annotations, json };
        command.SetAction(parsed =>
        {
            var scores = Nlvr2Metrics.ComputeFiles(parsed.GetRequiredValue(predictions), parsed.GetRequiredValue(annotations));
            if (parsed.GetValue(json))
            {
                ScoreTable.Print(parsed, new JsonObject { ["accuracy"] = scores.Accuracy, ["consistency"] = scores.Consistency, ["n"] = scores.Examples, ["sentences"] = scores.Sentences });
            }
            else
            {
                ScoreTable.Print($"{scores.Examples} examples of {scores.Sentences} sentences",
                    [("accuracy", ScoreTable.Fraction(scores.Accuracy)), ("consistency", ScoreTable.Fraction(scores.Consistency))]);
            }
        });
        return command;
    }
}
