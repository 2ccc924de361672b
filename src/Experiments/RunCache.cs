using System.Text.Json;
using Madtp.Kit.Data;

namespace Madtp.Kit.Experiments;

/// <summary>
/// Results of experiments on disk, one small file each. Those that come with the kit (<c>data/toy/runs</c>) are found too, unless
/// results are to be made afresh.
/// </summary>
/// <param name="folder">Where new results go.</param>
/// <param name="published">Where results that come with the kit are; null for none.</param>
public sealed class RunCache(string folder, string? published = null)
{
    /// <summary>Set to 1, it keeps the kit's own results out of sight, so that everything is run again.</summary>
    public const string FreshVariable = "KIT_FRESH";

    /// <summary>Names another folder for results at the paper's scale.</summary>
    public const string ResultsVariable = "KIT_RESULTS";

    /// <summary>
    /// The kit's cache: <c>artifacts/cache</c>, then <c>data/toy/runs</c>. At the paper's scale <c>KIT_RESULTS</c>, else
    /// <c>artifacts/paper-results</c>, which nothing forgets: what took days is not run again because everything else is to be.
    /// </summary>
    public static RunCache Default => At(Scale.Current);

    /// <summary>The kit's cache of toy results, at whatever scale: for what a notebook shows on the toy world in any case.</summary>
    public static RunCache Toy => At(ExperimentScale.Toy);

    /// <summary>The kit's cache at a scale.</summary>
    internal static RunCache At(ExperimentScale scale) => scale == ExperimentScale.Paper
        ? new(Environment.GetEnvironmentVariable(ResultsVariable) is { Length: > 0 } chosen ? chosen : KitFolder.File("artifacts", "paper-results"))
        : new(KitFolder.File("artifacts", "cache"), Environment.GetEnvironmentVariable(FreshVariable) == "1" ? null : KitFolder.File("data", "toy", "runs"));

    /// <summary>Where new results go.</summary>
    public string Folder => folder;

    /// <summary>An experiment's result, or null.</summary>
    /// <exception cref="InvalidDataException">The file of the result is damaged.</exception>
    public ExperimentResult? Find(Experiment experiment)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        var name = experiment.Key + ".json";
        return new[] { folder, published }.OfType<string>().Select(place => Path.Combine(place, name)).FirstOrDefault(File.Exists) is { } path ? Read(path) : null;
    }

    /// <summary>Keeps a result.</summary>
    public void Keep(ExperimentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        Directory.CreateDirectory(folder);
        AtomicFile.Write(PathOf(folder, result.Experiment), stream =>
        {
            JsonSerializer.Serialize(stream, result, ExperimentJson.Page);
            stream.WriteByte((byte)'\n');
        });
    }

    /// <summary>Deletes an experiment's result from the folder for new ones, if it is there.</summary>
    public void Forget(Experiment experiment)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        if (Directory.Exists(folder))
        {
            File.Delete(PathOf(folder, experiment));
        }
    }

    /// <summary>Every result there is, new ones before those that come with the kit; ordered by task, method, ratio, passes and seed.</summary>
    public IReadOnlyList<ExperimentResult> All()
    {
        var files = new[] { folder, published }.OfType<string>().Where(Directory.Exists).SelectMany(place => Directory.EnumerateFiles(place, "*.json"));
        return [.. files.DistinctBy(Path.GetFileName).Select(Read)
            .OrderBy(r => r.Experiment.Task, StringComparer.Ordinal).ThenBy(r => r.Experiment.Method, StringComparer.Ordinal)
            .ThenBy(r => r.Experiment.ReduceRatio).ThenBy(r => r.Experiment.Epochs).ThenBy(r => r.Experiment.Seed)];
    }

    /// <summary>Copies new results to those that come with the kit.</summary>
    /// <returns>How many were copied.</returns>
    public int Publish(string to)
    {
        Directory.CreateDirectory(to);
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json") : [];
        foreach (var file in files)
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }

        return files.Length;
    }

    private static string PathOf(string place, Experiment experiment) => Path.Combine(place, experiment.Key + ".json");

    private static ExperimentResult Read(string path)
    {
        try
        {
            var result = JsonSerializer.Deserialize<ExperimentResult>(File.ReadAllBytes(path), ExperimentJson.Page);
            return result is null ? throw new InvalidDataException($"'{path}' holds no result; delete it to run the experiment again") : result with { Cached = true };
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}' is no result of an experiment ({e.Message}); delete it to run the experiment again", e);
        }
    }
}
