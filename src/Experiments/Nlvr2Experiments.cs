using Madtp.Kit.Compression;
using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;

namespace Madtp.Kit.Experiments;

/// <summary>
/// Experiments on NLVR2 at the paper's scale: BLIP's own fine-tuned model, fine-tuned once more at a budget, then dev and the public
/// test split.
/// </summary>
/// <param name="find">Looks for files; where the environment says if null.</param>
internal sealed class Nlvr2Experiments(Func<RequiredFiles>? find = null) : IExperimentTask
{
    private const string Weights = "model_base_nlvr.pth";
    private const int Statements = 86_373;

    private readonly Func<RequiredFiles> find = find ?? (() => RequiredFiles.Of("nlvr2"));

    /// <inheritdoc/>
    public string Name => "nlvr2";

    /// <summary>The paper's: all statements, in as many passes as <see cref="Nlvr2Recipe.Epochs"/> says; K = 100, d_k = 768.</summary>
    public Experiment Usual { get; } = new() { Task = "nlvr2", TrainExamples = Statements, LearningRate = 3e-6, LearnableTokens = 100, AlignmentWidth = 768 };

    /// <inheritdoc/>
    public bool TakesDays => true;

    /// <inheritdoc/>
    public string Begins
    {
        get
        {
            var files = find();
            return string.Join(' ', new[] { Checkpoint(files), Annotations(files, "train"), Annotations(files, "test1") }.Select(FileDigest.Remembered));
        }
    }

    /// <inheritdoc/>
    public string DataDigest() => FileDigest.Remembered(Annotations(find(), "test1"));

    /// <inheritdoc/>
    public void RequireInputs()
    {
        var files = find();
        Checkpoint(files);
        string[] annotations = [.. new[] { "train", "dev", "test1" }.Select(split => Annotations(files, split))];
        files.Vocabulary(Nlvr2Names.Vocabularies);
        foreach (var path in annotations.Where(File.Exists))
        {
            var first = Nlvr2Dataset.Load(path)[0];
            files.Images("nlvr2", first.LeftImagePath, first.RightImagePath);
        }

        files.RequireAll();
    }

    /// <inheritdoc/>
    public ExperimentScores? Run(Experiment experiment, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var method = Methods.Of(experiment.Method);
        var share = experiment.ReduceRatio > 0 ? 1 - experiment.ReduceRatio : (double?)null;
        ExperimentTraining.Check(experiment, method);

        var recipe = Recipe(experiment, method, share);
        using var materials = Nlvr2Materials.Open(recipe);
        var training = PaperMachine.Fit(recipe.Training with { BatchSize = Math.Min(recipe.Training.BatchSize, materials.Train.Count) });
        if (method.PrunesParameters)
        {
            return Compressed(experiment, ExperimentTraining.UPop(experiment, training, updateEvery: 50, folder, progress, cancellation), materials, recipe);
        }

        using var task = new NlvrTask(materials.Model, materials.Train, materials.Dev, recipe.Task, recipe.Method);
        if (experiment.TrainExamples > 0 && !new Trainer(task, training, folder).Run(progress, resume: true, cancellation).Completed)
        {
            return null;
        }

        var calibration = share is null ? null : task.Calibrate();
        return new ExperimentScores(task.Evaluate(materials.Dev, "dev"), task.Evaluate(materials.Test, "test1"), calibration);
    }

    private Nlvr2Recipe Recipe(Experiment experiment, Method method, double? share)
    {
        var files = find();
        var paper = Nlvr2Recipe.Paper(Checkpoint(files), files.DataFolder, share);
        return paper with
        {
            Training = paper.Training with { Epochs = experiment.Epochs ?? paper.Training.Epochs, LearningRate = experiment.LearningRate, Seed = experiment.Seed },
            Task = paper.Task with { AlignmentWeight = method.AlignmentWeight },
            Method = method.Pruning,
            Alignment = paper.Alignment with { Tokens = experiment.LearnableTokens, Width = experiment.AlignmentWidth },
            TrainExamples = experiment.TrainExamples > 0 ? experiment.TrainExamples : paper.Task.CalibrationPairs,
            Device = PaperMachine.Device,
        };
    }

    private static ExperimentScores? Compressed(Experiment experiment, UPopRun run, Nlvr2Materials materials, Nlvr2Recipe recipe)
    {
        NlvrTask Begin(BlipNlvr model) => new(model, materials.Train, materials.Dev, new NlvrTaskSettings { AlignmentWeight = 0, EvaluationBatch = recipe.Task.EvaluationBatch });
        using var smaller = run.Compress(PrunableFamilies.Nlvr, materials.Model, Begin);
        Evaluation Scored(NlvrPairs pairs, string split) => NlvrEvaluator.Evaluate(smaller, pairs, split, batchSize: recipe.Task.EvaluationBatch);
        return smaller is null ? null : ExperimentTraining.Compressed(experiment, Scored(materials.Dev, "dev"), Scored(materials.Test, "test1"));
    }

    private static string Checkpoint(RequiredFiles files) => files.Checkpoint("blip", Weights);

    private static string Annotations(RequiredFiles files, string split) => files.Annotations("nlvr2", Nlvr2Names.Of(split));
}
