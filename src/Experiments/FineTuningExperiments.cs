using Madtp.Kit.Madtp;
using Madtp.Kit.FineTuning;
using Madtp.Kit.Models;
using Madtp.Kit.Training;

namespace Madtp.Kit.Experiments;

/// <summary>
/// Experiments at the paper's scale on retrieval, captioning and VQA: a published checkpoint, fine-tuned at a budget by the released
/// recipe, then the test split (VQA's val2014, the one with public answers). Dev is the part of the validation split that was watched.
/// </summary>
/// <param name="name">The task's name.</param>
/// <param name="about">What is fine-tuned.</param>
/// <param name="find">Looks for files; where the environment says if null.</param>
internal sealed class FineTuningExperiments(string name, FineTunedSubject about, Func<RequiredFiles>? find = null) : IExperimentTask
{
    private readonly Func<RequiredFiles> find = find ?? (() => RequiredFiles.Of(name));

    /// <summary>The tasks of Tables 5 to 7.</summary>
    public static IReadOnlyList<IExperimentTask> All { get; } =
        [.. FineTunedSubject.All.Select(subject => new FineTuningExperiments(subject.Dataset == "flickr30k" ? $"{subject.Task}-flickr30k" : subject.Task, subject))];

    /// <inheritdoc/>
    public string Name => name;

    /// <summary>The paper's: all training examples, in as many passes as the recipe says; K = 100, d_k = 768.</summary>
    public Experiment Usual { get; } = new()
    {
        Task = name,
        TrainExamples = about.TrainExamples,
        LearningRate = FineTuningRecipe.Of(about.Task, about.Dataset).Training.LearningRate,
        LearnableTokens = new AlignmentConfig().Tokens,
        AlignmentWidth = new AlignmentConfig().Width,
    };

    /// <inheritdoc/>
    public bool TakesDays => true;

    /// <inheritdoc/>
    public string Begins
    {
        get
        {
            var files = find();
            return string.Join(' ', new[] { Checkpoint(files), about.Train(files), about.Test(files) }.Select(FileDigest.Remembered));
        }
    }

    /// <inheritdoc/>
    public string DataDigest() => FileDigest.Remembered(about.Test(find()));

    /// <inheritdoc/>
    public void RequireInputs()
    {
        var files = find();
        Checkpoint(files);
        about.Require(files);
        files.RequireAll();
    }

    /// <inheritdoc/>
    public ExperimentScores? Run(Experiment experiment, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var method = Methods.Of(experiment.Method);
        ExperimentTraining.Check(experiment, method);
        var files = find();
        var report = FineTuner.Run(about.Task, new FineTuningSettings
        {
            Checkpoint = Checkpoint(files),
            Data = files.DataFolder,
            Dataset = about.Dataset,
            Output = folder,
            Resume = true,
            Recipe = Recipe(experiment, method),
            MacShare = ExperimentTraining.Budget(experiment),
            Method = method.Pruning,
            PrunesParameters = method.PrunesParameters,
            TrainExamples = experiment.TrainExamples,
            Device = PaperMachine.Device,
        }, progress, scoring: null, cancellation);
        if (report is null)
        {
            return null;
        }

        var tested = about.Scored(report.Scores.Single());
        return method.PrunesParameters ? ExperimentTraining.Compressed(experiment, report.Watched, tested) : new ExperimentScores(report.Watched, tested, report.Calibration);
    }

    private FineTuningRecipe Recipe(Experiment experiment, Method method)
    {
        var paper = FineTuningRecipe.Of(about.Task, about.Dataset, ExperimentTraining.Budget(experiment));
        var examples = experiment.TrainExamples > 0 ? experiment.TrainExamples : int.MaxValue;
        return paper with
        {
            AlignmentWeight = method.AlignmentWeight,
            Alignment = paper.Alignment with { Tokens = experiment.LearnableTokens, Width = experiment.AlignmentWidth },
            NewAlignment = true,
            Training = PaperMachine.Fit(
                paper.Training with
                {
                    BatchSize = Math.Min(paper.Training.BatchSize, examples),
                    Epochs = experiment.Epochs ?? paper.Training.Epochs,
                    LearningRate = experiment.LearningRate,
                    Seed = experiment.Seed,
                },
                parts: !about.ComparesExamples),
        };
    }

    private string Checkpoint(RequiredFiles files) => files.Checkpoint(about.Family, about.Weights);
}
