using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Training;

/// <summary>What a training came to.</summary>
/// <param name="Weights">The file of the trained weights: what answers, without training copies.</param>
/// <param name="Steps">Steps done, those of earlier runs included.</param>
/// <param name="Watched">The score on the watched part of the validation split.</param>
/// <param name="Calibration">How the budget was met in the end; null without one.</param>
/// <param name="Scores">The scores of each split that was asked for, by its name.</param>
public sealed record RunReport(
    string Task, string Weights, int Steps, Evaluation Watched, CalibrationResult? Calibration,
    IReadOnlyDictionary<string, Evaluation> Scores);

/// <summary>One run: open the splits, build the model, train, calibrate, score, save. The same for toy world and published
/// checkpoints. It lives in one folder; one that was cut off goes on to the bit on the same device and ends with the same weights
/// and scores.</summary>
/// <param name="Task">One of <see cref="ModelTask.Names"/>.</param>
/// <param name="Folder">The run's folder: checkpoint, log, weights, answers.</param>
public sealed record Run(string Task, TaskSettings Settings, string Folder)
{
    /// <summary>What the trained weights' file is called.</summary>
    public const string WeightsName = "weights.safetensors";

    /// <summary>How long and how fast it is trained.</summary>
    public TrainingSettings Training { get; init; } = new();

    /// <summary>Goes on where the folder's run stopped.</summary>
    public bool Resume { get; init; }

    /// <summary>Throws away what an earlier run has left in the folder.</summary>
    public bool Fresh { get; init; }

    /// <summary>Whether parameters are taken out to the budget instead of tokens (UPop): a search and the training of the smaller
    /// model, each as the training settings say.</summary>
    public bool PrunesParameters { get; init; }

    /// <summary>UPop's steps between two choices of what to prune.</summary>
    public int UpdateEvery { get; init; } = 50;

    /// <summary>Splits that trained weights are scored on; the task's usual one if null.</summary>
    public IReadOnlyList<string>? Scored { get; init; }

    /// <summary>How splits are scored; its folder is the run's.</summary>
    public Scoring Scoring { get; init; } = new();

    /// <summary>Trains, or goes on with it; then calibrates once more to a budget, writes the weights and scores them.</summary>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The report; null where the training was stopped.</returns>
    /// <exception cref="ArgumentException">There is no such task, or a setting is impossible.</exception>
    /// <exception cref="InvalidDataException">A file is malformed or does not fit, or the folder holds another run.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="IOException">Another process works in the folder.</exception>
    /// <exception cref="NotFiniteNumberException">The training diverged, or a score is not a number.</exception>
    /// <exception cref="OperationCanceledException">The scoring was stopped.</exception>
    public RunReport? Train(Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        Guard.Argument(!(PrunesParameters && (Settings.ReduceRatio is null || Settings.TrainExamples == 0)),
            $"{Methods.UPop} finds what to prune by training: it needs a reduce ratio and examples to train on");

        Training.RequirePossible();
        using var alone = Lock(Folder);
        RequireFree();
        var opened = Settings with { Learns = true, Seed = Training.Seed };
        using var task = Open(PrunesParameters ? opened with { ReduceRatio = null, AlignmentWeight = 0 } : opened);
        if (Training.AccumulateSteps * Ranks.Count > 1 && task.SharesCounts)
        {
            Settings.Hints.Say?.Invoke($"{task.Settings.Reduction.Name} lets samples that are computed at once share a number "
                + "of tokens: what is trained depends on the ranks and parts that a batch is divided among");
        }

        var identity = Identity(task);
        Ranks.First(() => identity.Claim(Folder, fresh: !Resume));
        if (Trained(task, progress, cancellation) is not var (trained, steps))
        {
            return null;
        }

        var weights = Path.Combine(Folder, WeightsName);
        var calibration = task.Settings.ReduceRatio is null ? null : trained.Calibrate();
        if (calibration is { Reached: false })
        {
            Settings.Hints.Say?.Invoke($"{calibration}");
        }

        var watched = trained.Validate();
        Ranks.First(() => Save(weights, trained, steps, []));
        identity.AddFile("weights", weights); // answers of other weights, as of an earlier epoch, are worth nothing
        identity.Add("limit", Scoring.Limit);
        var scores = (Scored ?? [task.TestSplit])
            .ToDictionary(split => split, split => Score(trained, split, identity, cancellation));
        if (scores.Count > 0)
        {
            Ranks.First(() => Save(weights, trained, steps, scores.Values));
        }

        return new RunReport(Task, weights, steps, watched, calibration, scores);
    }

    /// <summary>Scores the weights that the settings name, or goes on with it: at the strength or the budget of the settings, or
    /// else at the strength that the weights were trained for, where their file says it.</summary>
    /// <param name="split">The split; the task's usual one if null.</param>
    /// <param name="plain">Keeps all tokens, whatever the file says.</param>
    /// <param name="cancellation">Stops it; what is finished stays for the next run.</param>
    /// <inheritdoc cref="Train"/>
    public Evaluation Evaluate(string? split = null, bool plain = false, CancellationToken cancellation = default)
    {
        using var alone = Lock(Folder);
        RequireFree();
        using var task = Open((plain ? Settings : WithStoredStrength(Settings)) with { Learns = false });
        Guard.Data((task.Settings.ReduceRatio ?? task.Settings.Strength) is null || !task.LacksGuidance,
            $"{Settings.Checkpoint} has no alignment guidance (space_dict), by which {task.Settings.Reduction.Name} "
            + $"chooses tokens: it was not trained for token reduction");

        split ??= task.TestSplit;
        task.ScoredSplit = split;
        var identity = Identity(task, split);
        var folder = Folder.Length > 0 || Settings.Data is null ? Folder
            : KitFolder.File(
                "artifacts", "evaluations",
                $"{Task}-{Path.GetFileNameWithoutExtension(Settings.Checkpoint)}-{split}-{identity.Short}");
        using var aloneHere = Folder.Length == 0 ? Lock(folder) : null;
        if (folder.Length > 0)
        {
            Ranks.First(() => identity.Claim(folder, Fresh));
        }

        if (task.Settings.ReduceRatio is not null)
        {
            Calibrate(task, folder, cancellation);
        }

        return Finite(task.Evaluate(
            split, Scoring with { Folder = folder.Length > 0 ? folder : null, Cancellation = cancellation }));
    }

    private static Evaluation Finite(Evaluation scored)
    {
        var all = scored.Scores.Concat(scored.ByKind).Append(new("main", scored.Accuracy)).Append(new("MACs", scored.Macs));
        return all.FirstOrDefault(score => !double.IsFinite(score.Value)).Key is not { } name ? scored
            : throw new NotFiniteNumberException(
                $"on {scored.Split} the score '{name}' is no finite number: what the model computes is not");
    }

    // Whatever is computed with weights that are not finite says nothing.
    private ModelTask Open(TaskSettings settings)
    {
        var task = ModelTask.Open(Task, settings);
        if (Divergence.FirstIn(task.Model.named_parameters()) is { } name)
        {
            task.Dispose();
            throw new InvalidDataException(
                $"{settings.Checkpoint}: not every number in {name} is finite: the training of these weights diverged, or they "
                + "are damaged");
        }

        return task;
    }

    // A budget that was met before is not looked for again.
    private void Calibrate(ModelTask task, string folder, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var path = Path.Combine(folder, "calibration.json");
        if (folder.Length > 0 && File.Exists(path))
        {
            task.Calibrated(Calibration(path));
            return;
        }

        Scoring.Progress?.Report(new EvaluationProgress("calibration", 0, task.Settings.CalibrationExamples));
        var found = task.Calibrate();
        if (!found.Reached)
        {
            Settings.Hints.Say?.Invoke($"{found}");
        }

        if (folder.Length > 0)
        {
            Ranks.First(() => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, found)));
        }
    }

    private static CalibrationResult Calibration(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<CalibrationResult>(File.ReadAllBytes(path))
                ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"{path} is no calibration's result: delete it, and the budget is looked for again", e);
        }
    }

    private (ModelTask Task, int Steps)? Trained(
        ModelTask task, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var training = Training with { BatchSize = Math.Min(Training.BatchSize, task.Examples) };
        if (PrunesParameters)
        {
            var upop = UPopTraining.Of(
                new UPopSettings { MacShare = 1 - Settings.ReduceRatio!.Value, UpdateEvery = UpdateEvery }, training);
            return upop.Run(task, Folder, Resume, progress, cancellation) is { } smaller ? (smaller, upop.Steps(task)) : null;
        }

        if (Settings.TrainExamples == 0)
        {
            return (task, 0);
        }

        var result = new Trainer(task, training, Folder).Run(progress, Resume, cancellation);
        return result.Completed ? (task, result.Steps) : null;
    }

    private Evaluation Score(ModelTask task, string split, RunIdentity identity, CancellationToken cancellation)
    {
        var folder = Settings.Data is null ? null : Path.Combine(Folder, split);
        if (folder is not null)
        {
            Ranks.First(() => identity.Claim(folder, fresh: !Resume || !identity.Owns(folder)));
        }

        return Finite(task.Evaluate(split, Scoring with { Folder = folder, Cancellation = cancellation }));
    }

    private void Save(string path, ModelTask task, int steps, IEnumerable<Evaluation> scores)
    {
        static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
        var notes = new Dictionary<string, string>
        {
            ["task"] = Task,
            ["seed"] = Training.Seed.ToString(CultureInfo.InvariantCulture),
            ["steps"] = steps.ToString(CultureInfo.InvariantCulture),
        };
        if (Settings.ReduceRatio is { } ratio)
        {
            notes["reduce_ratio"] = Number(ratio);
            notes["method"] = PrunesParameters ? Methods.UPop : Settings.Reduction.Name;
        }

        var isTemperature = Settings.Reduction.StrengthIs == PruningMethod.Temperature;
        if (task.Strength is { } strength && !isTemperature)
        {
            notes[Settings.Reduction.StrengthIs.Replace(' ', '_')] = Number(strength);
        }

        foreach (var score in scores)
        {
            notes[$"{score.Split}_accuracy"] = Number(score.Accuracy);
            notes[$"{score.Split}_mac_share"] = Number(score.MacShare);
            foreach (var (kind, value) in score.ByKind)
            {
                notes[$"{score.Split}_{kind.Replace(' ', '_')}"] = Number(value);
            }
        }

        foreach (var (name, value) in CheckpointHints.Notes(task.Model))
        {
            notes[name] = value;
        }

        ToyModels.Save(path, task.Model, isTemperature ? task.Strength : null, notes);
    }

    // A stored strength is used only by the method that stored it, which is taken where none is named: the authors' files keep a
    // temperature among the tensors, the kit's beside them with the method's name (without one it was MADTP).
    private static TaskSettings WithStoredStrength(TaskSettings settings)
    {
        Guard.Argument(settings.Checkpoint is not null, $"name the weights to score: --checkpoint FILE");

        using var file = CheckpointFile.Open(settings.Checkpoint);
        var released = file.Number("temperature");
        var named = settings.Method is not null;
        var trainedBy = file.Metadata.GetValueOrDefault("method", PruningMethod.Madtp.Name);
        if (!named)
        {
            settings = settings with
            {
                Method = released is not null ? PruningMethod.ByTemperature(ReductionPolicy.Released)
                    : Methods.All.FirstOrDefault(method => method.Name == trainedBy)?.Pruning,
            };
        }

        var method = settings.Reduction;
        var from = named ? ""
            : released is null && file.Metadata.GetValueOrDefault("method") != method.Name ? ", as no method is named"
            : $", as {file.Path} names it";
        if ((settings.ReduceRatio ?? settings.Strength) is not null)
        {
            var given = settings.Strength is { } strength ? (method.StrengthIs, strength)
                : ("reduce ratio", settings.ReduceRatio!.Value);
            if (settings.StrengthIs is null || settings.StrengthIs == method.StrengthIs)
            {
                settings.Hints.Say?.Invoke(
                    FormattableString.Invariant($"{method.Name}{from}: {given.Item1} {given.Item2}, as given"));
            }

            return settings;
        }

        var stored = released is not null ? method.StrengthIs == PruningMethod.Temperature ? released : null
            : trainedBy == method.Name ? Note(file, method.StrengthIs.Replace(' ', '_')) : null;
        if (stored is { } odd && !(odd > 0 && double.IsFinite(odd)))
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"{file.Path}: its {method.StrengthIs} is {odd}, which reduces nothing: give another, or --reduce"));
        }

        if (stored is null && named)
        {
            var owner = released is not null ? "the released MADTP" : trainedBy;
            var holds = released is not null
                || file.Metadata.ContainsKey("temperature") || file.Metadata.ContainsKey("keep_ratio");
            var others = holds ? $" (what it holds is {owner}'s)" : "";
            throw new ArgumentException(
                $"{method.Name} reduces nothing yet, and {file.Path} has no {method.StrengthIs} for it{others}: "
                + $"give {(method.StrengthIs == PruningMethod.KeepRatio ? "--keep" : "--temperature")}, or --reduce");
        }

        settings.Hints.Say?.Invoke(stored is { } value
            ? FormattableString.Invariant($"{method.Name}{from}: {method.StrengthIs} {value:G6}, as {file.Path} says")
            : $"all tokens are kept: {file.Path} has neither temperature nor keep ratio");
        return settings with { Strength = stored };
    }

    private static double? Note(CheckpointFile file, string name) =>
        !file.Metadata.TryGetValue(name, out var value) ? null
            : double.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number
            : throw new InvalidDataException($"{file.Path}: its {name} is no number, but '{value}'");

    // The first rank's, for all of them; null where there is no folder.
    private static IDisposable? Lock(string folder) => folder.Length > 0 && Ranks.IsFirst ? FolderLock.Take(folder) : null;

    // What is there already was paid for: it is neither gone on with nor thrown away unasked.
    private void RequireFree()
    {
        var folders = new[] { Folder, Path.Combine(Folder, "search") }.Where(_ => Ranks.IsFirst && Folder.Length > 0)
            .Where(Directory.Exists);
        if (!Resume && !Fresh && folders.SelectMany(folder => new DirectoryInfo(folder).EnumerateFiles())
            .Any(file => file.Extension is ".jsonl" or ".safetensors" && file.Length > 0))
        {
            throw new InvalidDataException(
                $"{Folder} holds a run already: go on with it (--resume), throw it away (--fresh), "
                + "or name another folder (--out)");
        }
    }

    private RunIdentity Identity(ModelTask task)
    {
        var identity = new RunIdentity();
        identity.Add("task", Task);
        identity.Add("data set", Settings.Dataset);
        identity.Add("training examples", Settings.TrainExamples);
        identity.Add("image size", Settings.ImageSize);
        identity.Add("transform", Settings.Transform?.ToString());
        identity.Add("reduce ratio", Settings.ReduceRatio);
        identity.Add("method", PrunesParameters ? Methods.UPop : Settings.ReduceRatio is null ? null : Settings.Method?.Name);
        identity.Add("losses", FormattableString.Invariant(
            $"alignment {Settings.AlignmentWeight}, patches {Settings.PatchWeight}, words {Settings.WordWeight}"));
        identity.Add("guidance", Settings.Guidance == GuidanceTraining.Paper ? null : Settings.Guidance.ToString());
        identity.Add("corpus", Settings.Corpus?.ToString());
        var (path, dropout) = (Settings.DropPath, Settings.Dropout);
        identity.Add("model", FormattableString.Invariant(
            $"drop path {path}, dropout {dropout}, queue {Settings.QueueSize}, momentum {Settings.Momentum}"));
        identity.Add("budget", FormattableString.Invariant(
            $"{Settings.CalibrationExamples} examples, {Settings.CalibrationsPerEpoch} times an epoch"));
        identity.Add("distillation", Settings.Distillation);
        identity.Add("watched", Settings.WatchedExamples);
        identity.Add("alignment", (Settings.NewAlignment ? "new " : string.Empty) + Settings.Alignment);
        identity.Add("training", JsonSerializer.Serialize(Training with { StopAfterEpoch = null, StopAtAccuracy = null }));
        identity.Add("learns val2014", Settings.TrainOnValidation ? "yes" : null);
        identity.Add("world", Settings.Data is not null ? null
            : Settings.Corpus is not null ? JsonSerializer.Serialize(Settings.Decoys)
            : Task == "nlvr2" ? JsonSerializer.Serialize(Settings.World) : JsonSerializer.Serialize(Settings.Scenes));
        AddFiles(identity, task, "train", task.ValidationSplit);
        return identity;
    }

    private RunIdentity Identity(ModelTask task, string split)
    {
        var identity = new RunIdentity();
        identity.Add("task", Task);
        identity.Add("split", split);
        identity.Add("corpus", Settings.Corpus?.ToString());
        identity.Add("limit", Scoring.Limit);
        identity.Add("batch size", Scoring.BatchSize);
        identity.Add("shuffled", Scoring.Shuffle == Shuffle.None ? null : Scoring.Shuffle.ToString());
        identity.Add("image size", Settings.ImageSize);
        AddFiles(identity, task, split);
        if ((task.Settings.ReduceRatio ?? task.Settings.Strength) is not null)
        {
            identity.Add("method", task.Settings.Reduction.Name);
            identity.Add(task.Settings.Reduction.StrengthIs, task.Settings.ReduceRatio is null ? task.Settings.Strength : null);
            identity.Add("reduce ratio", task.Settings.ReduceRatio);
            identity.Add("calibration examples", task.Settings.ReduceRatio is null ? null : task.Settings.CalibrationExamples);
        }

        task.Identify(identity, split);
        return identity;
    }

    private void AddFiles(RunIdentity identity, ModelTask task, params string[] splits)
    {
        if (Settings.Checkpoint is { } checkpoint)
        {
            identity.AddFile("checkpoint", checkpoint);
        }

        identity.Add("weights", Settings.Hints.Weights);
        foreach (var (name, value) in CheckpointHints.Notes(task.Model))
        {
            identity.Add(name, value);
        }

        foreach (var (number, input) in task.Inputs(splits).Index())
        {
            identity.AddFile($"input {number + 1}", input);
        }
    }
}
