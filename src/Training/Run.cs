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
/// checkpoints. It lives in one folder; one that was cut off goes on to the bit on the same device.</summary>
/// <param name="Task">One of <see cref="ModelTask.Names"/>.</param>
/// <param name="Folder">The run's folder: checkpoint, log, weights, answers.</param>
public sealed record Run(string Task, TaskSettings Settings, string Folder)
{
    /// <summary>What the trained weights' file is called.</summary>
    public const string WeightsName = "weights.safetensors";

    public TrainingSettings Training { get; init; } = new();

    /// <summary>Goes on where the folder's run stopped.</summary>
    public bool Resume { get; init; }

    /// <summary>Throws away what an earlier run has left in the folder.</summary>
    public bool Fresh { get; init; }

    /// <summary>Whether parameters are taken out to the budget instead of tokens (UPop): a search and the training of the smaller
    /// model, each as the training settings say.</summary>
    public bool PrunesParameters { get; init; }

    /// <summary>UPop's steps between two choices of what to prune.</summary>
    public int UpdateEvery { get; init; } = UsualUpdateEvery;

    internal const int UsualUpdateEvery = 50;

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

        var identity = RunInputs.Of(this, task);
        Ranks.First(() => identity.Claim(Folder, fresh: !Resume));
        if (Trained(task, progress, cancellation) is not var (trained, steps))
            return null;

        var weights = Path.Combine(Folder, WeightsName);
        var calibration = task.Settings.ReduceRatio is null ? null : Calibrated(trained);
        var watched = trained.Validate();
        Ranks.First(() => Save(weights, trained, steps, []));
        identity.AddFile("weights", weights); // answers of other weights, as of an earlier epoch, are worth nothing
        identity.Add("limit", Scoring.Limit);
        var scores = (Scored ?? [task.TestSplit])
            .ToDictionary(split => split, split => Score(trained, split, identity, cancellation));
        if (scores.Count > 0)
            Ranks.First(() => Save(weights, trained, steps, scores.Values));

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
        using var task = Open((plain ? Settings : StoredStrength.Of(Settings)) with { Learns = false });
        Guard.Data((task.Settings.ReduceRatio ?? task.Settings.Strength) is null || !task.LacksGuidance,
            $"{Settings.Checkpoint} has no alignment guidance (space_dict), by which {task.Settings.Reduction.Name} "
            + $"chooses tokens: it was not trained for token reduction");
        split ??= task.TestSplit;
        task.ScoredSplit = split;
        var identity = RunInputs.Of(this, task, split);
        var folder = Folder.Length > 0 || Settings.Data is null ? Folder
            : KitFolder.File(
                "artifacts", "evaluations",
                $"{Task}-{Path.GetFileNameWithoutExtension(Settings.Checkpoint)}-{split}-{identity.Short}");
        using var aloneHere = Folder.Length == 0 ? Lock(folder) : null;
        if (folder.Length > 0)
            Ranks.First(() => identity.Claim(folder, Fresh));

        if (task.Settings.ReduceRatio is not null)
            Calibrate(task, folder, cancellation);

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
            task.Calibrated(JsonRecord.Read<CalibrationResult>(
                path, _ => $"{path} is no calibration's result: delete it, and the budget is looked for again"));
            return;
        }

        Scoring.Progress?.Report(new EvaluationProgress("calibration", 0, task.Settings.CalibrationExamples));
        var found = Calibrated(task);
        if (folder.Length > 0)
            Ranks.First(() => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, found)));
    }

    private CalibrationResult Calibrated(ModelTask task)
    {
        var found = task.Calibrate();
        if (!found.Reached)
            Settings.Hints.Say?.Invoke($"{found}");

        return found;
    }

    private (ModelTask Task, int Steps)? Trained(
        ModelTask task, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var training = Training with { BatchSize = Math.Min(Training.BatchSize, task.Examples) };
        if (PrunesParameters)
        {
            var upop = new UPopTraining(
                new UPopSettings(1 - Settings.ReduceRatio!.Value, UpdateEvery), training);
            return upop.Run(task, Folder, Resume, progress, cancellation) is { } smaller ? (smaller, upop.Steps(task)) : null;
        }

        if (Settings.TrainExamples == 0)
            return (task, 0);

        var result = new Trainer(task, training, Folder).Run(progress, Resume, cancellation);
        return result.Completed ? (task, result.Steps) : null;
    }

    private Evaluation Score(ModelTask task, string split, RunIdentity identity, CancellationToken cancellation)
    {
        var folder = Settings.Data is null ? null : Path.Combine(Folder, split);
        if (folder is not null)
            Ranks.First(() => identity.Claim(folder, fresh: !Resume || !identity.Owns(folder)));

        return Finite(task.Evaluate(split, Scoring with { Folder = folder, Cancellation = cancellation }));
    }

    private void Save(string path, ModelTask task, int steps, IEnumerable<Evaluation> scores)
    {
        var notes = new Dictionary<string, object> { ["task"] = Task, ["seed"] = Training.Seed, ["steps"] = steps };
        if (Settings.ReduceRatio is { } ratio)
        {
            notes["reduce_ratio"] = ratio;
            notes["method"] = PrunesParameters ? Methods.UPop : Settings.Reduction.Name;
        }

        if (task.Strength is { } strength)
            notes[Settings.Reduction.StrengthIs.Replace(' ', '_')] = strength;

        foreach (var score in scores)
        {
            notes[$"{score.Split}_accuracy"] = score.Accuracy;
            notes[$"{score.Split}_mac_share"] = score.MacShare;
            foreach (var (kind, value) in score.ByKind)
                notes[$"{score.Split}_{kind.Replace(' ', '_')}"] = value;
        }

        foreach (var (name, value) in CheckpointHints.Notes(task.Model))
            notes[name] = value;

        ToyModels.Save(path, task.Model, notes);
    }

    // The first rank's, for all of them; null where there is no folder.
    private static IDisposable? Lock(string folder) => folder.Length > 0 && Ranks.IsFirst ? FolderLock.Take(folder) : null;

    // What is there already was paid for: it is neither gone on with nor thrown away unasked.
    private void RequireFree()
    {
        var folders = new[] { Folder, Path.Combine(Folder, "search") }.Where(_ => Ranks.IsFirst && Folder.Length > 0)
            .Where(Directory.Exists);
        var isFree = !folders.SelectMany(folder => new DirectoryInfo(folder).EnumerateFiles())
            .Any(file => file.Extension is ".jsonl" or ".safetensors" && file.Length > 0);
        Guard.Data(Resume || Fresh || isFree,
            $"{Folder} holds a run already: go on with it (--resume), throw it away (--fresh), or name another folder (--out)");
    }
}
