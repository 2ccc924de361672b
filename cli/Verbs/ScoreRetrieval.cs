using System.CommandLine;
using System.Text.Json.Nodes;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Metrics;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit score retrieval</c>.</summary>
internal static class ScoreRetrieval
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var scores = ScoreVerb.Required("--scores", "Similarities, image by caption: .npy; .json with rows of numbers; or .safetensors. The last two name them \"scores\", or \"scores_i2t\" and \"scores_t2i\" after re-ranking.");
        var annotations = ScoreVerb.Required("--annotations", "Images with their captions in the order of the scores: [{\"image\": …, \"caption\": […]}, …], or Karpathy's dataset_*.json (its test split).");
        var json = ScoreVerb.Json();
        var command = new Command("retrieval", "Recall at 1, 5 and 10 in percent, captions for images and images for captions.") { scores, annotations, json };
        command.SetAction(parsed =>
        {
            var files = RetrievalFiles.Read(parsed.GetRequiredValue(scores), parsed.GetRequiredValue(annotations));
            var recall = files.Recall();
            if (parsed.GetValue(json))
            {
                ScoreTable.Print(parsed, AsJson(recall));
            }
            else
            {
                ScoreTable.Print($"{files.ImageToText.Rows} images, {files.ImageToText.Columns} captions",
                [
                    ("captions for images, R@1", ScoreTable.Percent(recall.TextAt1)),
                    ("  R@5", ScoreTable.Percent(recall.TextAt5)),
                    ("  R@10", ScoreTable.Percent(recall.TextAt10)),
                    ("images for captions, R@1", ScoreTable.Percent(recall.ImageAt1)),
                    ("  R@5", ScoreTable.Percent(recall.ImageAt5)),
                    ("  R@10", ScoreTable.Percent(recall.ImageAt10)),
                    ("mean", ScoreTable.Percent(recall.Mean)),
                ]);
            }
        });
        return command;
    }

    // Under the names that BLIP logs them.
    private static JsonObject AsJson(RecallScores recall) => new()
    {
        ["txt_r1"] = recall.TextAt1,
        ["txt_r5"] = recall.TextAt5,
        ["txt_r10"] = recall.TextAt10,
        ["txt_r_mean"] = recall.TextMean,
        ["img_r1"] = recall.ImageAt1,
        ["img_r5"] = recall.ImageAt5,
        ["img_r10"] = recall.ImageAt10,
        ["img_r_mean"] = recall.ImageMean,
        ["r_mean"] = recall.Mean,
    };
}
