namespace Madtp.Kit.Evaluations;

/// <summary>Finds the files of a task below the folder of all data sets, or in that of the one data set itself.</summary>
/// <param name="root">The folder that was given.</param>
internal sealed class TaskFiles(string root)
{
    // Vocabularies lie in a folder of their own; the toy world's lies beside its data sets.
    private static readonly string[] VocabularyFolders = ["", "vocab", "..", Path.Combine("..", "vocab")];

    /// <summary>The first of several files of a data set that is there.</summary>
    /// <param name="dataset">The data set's folder.</param>
    /// <param name="names">What the file may be called, as far as known; the likeliest first.</param>
    /// <exception cref="FileNotFoundException">None is there.</exception>
    public string Require(string dataset, params string[] names) => Find(dataset, names)
        ?? throw new FileNotFoundException($"neither '{Path.Combine(root, dataset)}' nor '{root}' holds {string.Join(" or ", names)}; './kit data status {dataset}' tells where to get it, './kit data make-toy' draws a toy one", Path.Combine(root, dataset, names[0]));

    /// <summary>The same; null where none is there.</summary>
    public string? Find(string dataset, params string[] names) =>
        names.SelectMany(name => new[] { Path.Combine(root, dataset, name), Path.Combine(root, name) }).FirstOrDefault(File.Exists);

    /// <summary>The folder of another data set, whose images are asked about: below the root, beside it, or else the root itself.</summary>
    public string Folder(string dataset) => new[] { Path.Combine(root, dataset), Path.GetFullPath(Path.Combine(root, "..", dataset)) }.FirstOrDefault(Directory.Exists, root);

    /// <summary>A vocabulary.</summary>
    /// <param name="given">What the user named; looked for if null.</param>
    /// <param name="names">What it may be called.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public string Vocabulary(string? given, params string[] names)
    {
        if (given is not null)
        {
            return File.Exists(given) ? given : throw new FileNotFoundException($"no vocabulary at '{given}'", given);
        }

        return FindVocabulary(names)
            ?? throw new FileNotFoundException($"no {string.Join(" or ", names)} in '{root}', '{Path.Combine(root, "vocab")}' or beside them; './kit data get vocab' fetches them, or name the file", names[0]);
    }

    /// <summary>A vocabulary in one of the usual places; null where there is none.</summary>
    /// <param name="names">What it may be called.</param>
    public string? FindVocabulary(params string[] names) =>
        names.SelectMany(name => VocabularyFolders.Select(folder => Path.GetFullPath(Path.Combine(root, folder, name)))).FirstOrDefault(File.Exists);
}
