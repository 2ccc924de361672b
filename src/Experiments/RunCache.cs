using Madtp.Kit.Data;
using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Experiments;

/// <summary>Results of experiments on disk, one small file each. Those that come with the kit (<c>data/toy/runs</c>) are found
/// too, unless results are to be made afresh.</summary>
/// <param name="published">Where results that come with the kit are; null for none.</param>
public sealed class RunCache(string folder, string? published = null)
{
    /// <summary>The kit's cache: <c>artifacts/cache</c>, then <c>data/toy/runs</c>, unless <c>KIT_FRESH</c> is 1. At the paper's
    /// scale <c>KIT_RESULTS</c>, else <c>artifacts/paper-results</c>, which nothing forgets: what took days is not run again with
    /// everything else.</summary>
    public static RunCache Default => At(Scale.Current);

    /// <summary>The kit's cache of toy results: for what a notebook shows on the toy world at either scale.</summary>
    public static RunCache Toy => At(ExperimentScale.Toy);

    public string Folder => folder;

    public static string Published => KitFolder.File("data", "toy", "runs");

    private IEnumerable<string> Places => new[] { folder, published }.OfType<string>();

    /// <summary>The kit's cache at a scale.</summary>
    internal static RunCache At(ExperimentScale scale) => scale == ExperimentScale.Paper
        ? new(PaperFolders.Given("KIT_RESULTS") ?? KitFolder.File("artifacts", "paper-results"))
        : new(KitFolder.File("artifacts", "cache"), PaperFolders.Given("KIT_FRESH") == "1" ? null : Published);

    /// <summary>An experiment's result, or null.</summary>
    /// <exception cref="InvalidDataException">The file of the result is damaged.</exception>
    public ExperimentResult? Find(Experiment experiment)
    {
        var name = NameOf(experiment);
        return Places.Select(place => Path.Combine(place, name)).FirstOrDefault(File.Exists) is { } path ? Read(path) : null;
    }

    /// <summary>Keeps a result, in the place of an older one.</summary>
    public void Keep(ExperimentResult result)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, NameOf(result.Experiment)), result.ToJson() + "\n");
    }

    /// <summary>Every result of the weights and data that are there, new ones before those that come with the kit; by task,
    /// method, ratio, passes and seed. Where weights or data are absent, those of any.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or of a task that there is no more.</exception>
    public IReadOnlyList<ExperimentResult> All() =>
    [
        .. Places.Where(Directory.Exists).SelectMany(place => Directory.EnumerateFiles(place, "*.json"))
            .DistinctBy(Path.GetFileName).Select(path => (path, Read(path))).Where(IsPresent).Select(one => one.Item2)
            .OrderBy(r => r.Experiment.Task, StringComparer.Ordinal).ThenBy(r => r.Experiment.Method, StringComparer.Ordinal)
            .ThenBy(r => r.Experiment.ReduceRatio).ThenBy(r => r.Experiment.Epochs).ThenBy(r => r.Experiment.Seed),
    ];

    /// <summary>Copies new results to those that come with the kit.</summary>
    /// <returns>How many were copied.</returns>
    public int Publish(string to)
    {
        Directory.CreateDirectory(to);
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json") : [];
        Array.ForEach(files, file => AtomicFile.Write(Path.Combine(to, Path.GetFileName(file)), File.ReadAllText(file)));
        return files.Length;
    }

    private static string NameOf(Experiment experiment) => experiment.Key + ".json";

    private static bool IsPresent((string Path, ExperimentResult Result) one) =>
        NameOf(one.Result.Experiment) == Path.GetFileName(one.Path)
        || ExperimentTask.Of(one.Result.Experiment.Task).InputDigest.Contains(FileDigest.Absent, StringComparison.Ordinal);

    private static ExperimentResult Read(string path)
    {
        const string Remedy = "; delete it to run the experiment again";
        var result = JsonRecord.Read<ExperimentResult>(
            path, e => $"'{path}' is no result of an experiment ({JsonRecord.Reason(e)}){Remedy}", ExperimentJson.Page);
        Guard.Data(ExperimentTask.All.Any(task => task.Name == result.Experiment.Task),
            $"'{path}' is of the task {Printable.Quoted(result.Experiment.Task)}, which there is no more{Remedy}");
        return result.Scores.Values.Concat(result.Tokens.Values)
            .Concat([result.Test, result.Dev, result.Macs, result.DenseMacs])
            .Concat([result.Strength ?? 0, result.Seconds, result.Experiment.ReduceRatio, result.Experiment.LearningRate])
            .All(double.IsFinite)
            ? result with { Cached = true }
            : throw new InvalidDataException($"'{path}' holds no result, or one with numbers that are none{Remedy}");
    }
}

/// <summary>Short digests, of what results depend on above all: 12 digits.</summary>
internal static class FileDigest
{
    public const string Absent = "absent";

    private static readonly Lazy<string> Library = new(() => Of(
        from path in Directory.EnumerateFiles(KitFolder.File("src"), "*.cs", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
        let name = Path.GetRelativePath(KitFolder.File("src"), path).Replace('\\', '/')
        from part in new[] { Encoding.UTF8.GetBytes(name), File.ReadAllBytes(path) }
        select part));

    /// <summary>Digest of every source file of the library: which code made a result.</summary>
    public static string OfLibrary => Library.Value;

    /// <summary>Digest of a file that may be large, found once for all processes while its size and time of change stay
    /// (<c>artifacts/digests</c>); "absent" where there is none.</summary>
    public static string Of(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            return Absent;

        var now = Encoding.UTF8.GetBytes($"{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}");
        var note = KitFolder.File("artifacts", "digests", Short(SHA256.HashData(now)));
        if (File.Exists(note))
            return File.ReadAllText(note);

        using var content = file.OpenRead();
        var digest = Short(SHA256.HashData(content));
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(note)!);
            AtomicFile.Write(note, digest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Others than the installation's owner find it anew each time.
        }

        return digest;
    }

    /// <summary>Digest of tensors' values.</summary>
    public static string Of(params Tensor[] tensors) => Of(tensors.Select(tensor =>
    {
        using var values = tensor.to(float32).cpu().contiguous();
        return values.bytes.ToArray();
    }));

    private static string Of(IEnumerable<byte[]> parts)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
            digest.AppendData(part);

        return Short(digest.GetHashAndReset());
    }

    /// <summary>The first 12 digits.</summary>
    public static string Short(byte[] digest) => Convert.ToHexStringLower(digest)[..12];
}
