using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit evaluate TASK</c>: scores weights on a task's files, or on the toy world drawn in memory.</summary>
internal static class EvaluateVerb
{
    public static Command Create()
    {
        var verb = new Verb(
            "evaluate", "Score a trained model: accuracy and multiply-accumulates.", "./kit evaluate toy-nlvr2 --reduce 0.5");
        TaskOptions.Names.ToList().ForEach(name => verb.Add(Create(name)));
        return verb;
    }

    private static Verb Create(string name)
    {
        var task = new TaskOptions("evaluate", name, "The weights", " Those of the kit otherwise.");
        var verb = task.Verb;
        var split = verb.Option<string?>(
            "--split", $"Another split than the usual one: {string.Join(", ", task.Splits)}.", "NAME",
            words: [.. task.SplitNames]);
        var limit = verb.Number<int>("--limit", "The first examples only.", 1);
        var batch = verb.Number<int>("--batch-size", "Examples answered at once.", 1);
        var temperature = verb.Number<double>(
            "--temperature", "Reduce at this temperature. Without it and --reduce: at the file's own, if its method is used.", 0,
            open: true, value: "T");
        var keep = verb.Number<double>(
            "--keep", "The same for methods that have a keep ratio (stp, evit, tome): share of tokens that a layer keeps.",
            0.001, 1, value: "RATIO");
        var plain = verb.Option<bool>("--plain", "Reduce nothing, whatever the checkpoint says.");
        var shuffle = verb.Choice<Shuffle>(
            "--shuffle", "images or text: give every example another's, to show that they are needed.");
        var json = Terminal.JsonOption(verb);
        verb.Exclude(task.Ratio, temperature, keep, plain);
        verb.Exclude(task.Named, plain);
        verb.Does((parsed, cancellation) =>
        {
            task.Join(parsed);
            if (task.Method(parsed) is { Pruning: null } method)
            {
                throw new ArgumentException(
                    $"'{method.Name}' takes no tokens out; weights that it has pruned are scored without naming it");
            }

            var settings = task.Apply(parsed, new TaskSettings()) with
            {
                Device = task.Device(parsed),
                Strength = parsed.GetValue(temperature) ?? parsed.GetValue(keep),
                StrengthIs = parsed.GetValue(keep) is not null ? PruningMethod.KeepRatio
                    : parsed.GetValue(temperature) is not null ? PruningMethod.Temperature : null,
            };
            if (task.IsToy && settings.Checkpoint is null)
            {
                // Weights that MADTP was fine-tuned with for the ratio bring their temperature with them.
                var isTuned = (settings.Method ?? PruningMethod.Madtp) == PruningMethod.Madtp;
                var weights = task.ToyWeights(settings.Corpus, isTuned ? settings.ReduceRatio : null);
                var ratio = weights == task.ToyWeights(settings.Corpus, null) ? settings.ReduceRatio : null;
                settings = settings with { Checkpoint = weights, ReduceRatio = ratio };
            }

            using var view = ProgressView.Error();
            using var prepared = new PreparedWeights();
            using var mixed = MixedPrecision.Begin(task.Precision(parsed) == TrainingPrecision.BFloat16, prepared);
            var scores = (task.Run(parsed, settings, string.Empty) with
            {
                Scoring = new Scoring
                {
                    Limit = parsed.GetValue(limit), BatchSize = parsed.GetValue(batch),
                    Shuffle = parsed.GetValue(shuffle) ?? Shuffle.None, Progress = view,
                },
            }).Evaluate(parsed.GetValue(split), parsed.GetValue(plain), cancellation);
            view.Dispose();
            if (parsed.GetValue(json))
                Terminal.Print(Json(scores, task.Task));
            else
                Print(scores, task.Task);

            return 0;
        });
        return verb;
    }

    /// <summary>Prints every score, and what it cost.</summary>
    public static void Print(Evaluation scores, string task)
    {
        static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
        Terminal.Print($"{task}, {scores.Examples} examples of {scores.Split}",
        [
            .. scores.Scores.Select(score => (score.Key, Number(score.Value, "F4"))),
            .. task == "nlvr2" ? scores.ByKind.Select(kind => ($"  {kind.Key}", Number(kind.Value, "F4"))) : [],
            (string.Empty, string.Empty),
            ("multiply-accumulates of an example, 1e9", Number(scores.Macs / 1e9, "G5")),
            ("share of the plain model's", Number(scores.MacShare, "P1")),
            .. scores.Strength is { } value ? [(scores.StrengthIs!, Number(value, "G6"))] : Array.Empty<(string, string)>(),
            .. scores.Tokens.Select(layer => ($"tokens after {layer.Key}", Number(layer.Value, "F1"))),
        ]);
        if (scores.Calibration is { } calibration)
            Console.WriteLine($"calibration: {calibration}");

        if (scores.Submission is { } submission)
        {
            var earlier = scores.Resumed > 0 ? $"{scores.Resumed} examples were finished by an earlier run; " : string.Empty;
            Console.WriteLine($"{earlier}submission: {submission}");
        }
    }

    private static Dictionary<string, object?> Json(Evaluation scores, string task) => new()
    {
        ["task"] = task,
        ["split"] = scores.Split,
        ["examples"] = scores.Examples,
        ["scores"] = scores.Scores.ToDictionary(),
        ["macs"] = scores.Macs,
        ["plain_macs"] = scores.DenseMacs,
        [scores.StrengthIs?.Replace(' ', '_') ?? PruningMethod.Temperature] = scores.Strength,
        ["calibrated_macs"] = scores.Calibration?.Cost,
        ["resumed"] = scores.Resumed,
        ["submission"] = scores.Submission,
    };
}
