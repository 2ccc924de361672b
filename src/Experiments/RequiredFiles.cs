using Madtp.Kit.Tasks;


namespace Madtp.Kit.Experiments;

/// <summary>
/// Finds the files of an experiment at the paper's scale. What is missing is gathered, so that one message tells all of it before
/// anything is begun.
/// </summary>
/// <param name="task">The experiment's task.</param>
/// <param name="data">The folder of all data sets.</param>
/// <param name="checkpoints">The folder of all checkpoints.</param>
internal sealed class RequiredFiles(string task, string data, string checkpoints)
{
    private readonly TaskFiles files = new(data);
    private readonly List<string> missing = [];

    /// <summary>Looks where the environment says, or in the kit's own folder.</summary>
    public static RequiredFiles Of(string task) => new(task, PaperFolders.Data, PaperFolders.Checkpoints);

    /// <summary>The folder of all data sets.</summary>
    public string DataFolder => data;

    /// <summary>A checkpoint: in its family's folder, or in that of all checkpoints.</summary>
    /// <param name="family">The family's folder, which is also what <c>./kit data get</c> calls it.</param>
    /// <param name="name">The file.</param>
    /// <returns>Where it is, or belongs.</returns>
    public string Checkpoint(string family, string name)
    {
        var usual = Path.Combine(checkpoints, family, name);
        return Found(new[] { usual, Path.Combine(checkpoints, name) }.FirstOrDefault(File.Exists), usual, family);
    }

    /// <summary>An annotation file of a data set.</summary>
    /// <param name="dataset">The data set's folder, which is also what <c>./kit data get</c> calls it.</param>
    /// <param name="names">What it may be called; the likeliest first.</param>
    /// <returns>Where it is, or belongs.</returns>
    public string Annotations(string dataset, params string[] names) =>
        Found(files.Find(dataset, names), Path.Combine(data, dataset, string.Join(" or ", names)), dataset);

    /// <summary>A vocabulary.</summary>
    /// <param name="names">What it may be called.</param>
    /// <returns>Where it is, or belongs.</returns>
    public string Vocabulary(params string[] names) =>
        Found(files.FindVocabulary(names), Path.Combine(data, "vocab", string.Join(" or ", names)), "vocab");

    /// <summary>Images of a data set, of which a few are looked for.</summary>
    /// <param name="dataset">What <c>./kit data get</c> calls it.</param>
    /// <param name="some">Where they belong.</param>
    public void Images(string dataset, params IEnumerable<string> some)
    {
        if (some.FirstOrDefault(image => !File.Exists(image)) is { } absent)
        {
            Miss($"images such as {absent} ('./kit data status {dataset}' tells where to get them)");
        }
    }

    /// <summary>Whether nothing was missing so far.</summary>
    public bool Complete => missing.Count == 0;

    /// <summary>Insists that everything that was asked for is there.</summary>
    /// <exception cref="FileNotFoundException">Something is missing; the message lists all of it.</exception>
    public void RequireAll()
    {
        if (!Complete)
        {
            var list = string.Concat(missing.Select(one => $"{Environment.NewLine}  {one}"));
            throw new FileNotFoundException(
                $"the task '{task}' at the paper's scale needs files that are not there:{list}{Environment.NewLine}"
                + $"data/README.md tells where they come from; {Scale.Variable}=toy needs nothing; "
                + $"{PaperFolders.DataVariable} and {PaperFolders.CheckpointsVariable} name other folders");
        }
    }

    private string Found(string? path, string usual, string source)
    {
        if (path is null)
        {
            Miss($"{usual} ('./kit data get {source}')");
        }

        return path ?? usual;
    }

    // What is asked for twice is listed once.
    private void Miss(string what)
    {
        if (!missing.Contains(what))
        {
            missing.Add(what);
        }
    }
}

/// <summary>Where experiments at the paper's scale find data sets and checkpoints, laid out as data/README.md says.</summary>
public static class PaperFolders
{
    /// <summary>Names another folder of data sets.</summary>
    public const string DataVariable = "KIT_DATA";

    /// <summary>Names another folder of checkpoints.</summary>
    public const string CheckpointsVariable = "KIT_CHECKPOINTS";

    /// <summary>The folder with <c>nlvr2</c>, <c>coco</c>, … below it: <c>KIT_DATA</c>, else the kit's <c>data</c>.</summary>
    public static string Data => Given(DataVariable) ?? KitFolder.File("data");

    /// <summary>That of <c>blip</c> and <c>clip</c>: <c>KIT_CHECKPOINTS</c>, else <c>checkpoints</c> in the other.</summary>
    public static string Checkpoints => Given(CheckpointsVariable) ?? Path.Combine(Data, "checkpoints");

    private static string? Given(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } folder ? folder : null;
}
