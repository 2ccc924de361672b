using System.Text.Json;

namespace Madtp.Kit.Experiments;

/// <summary>Experiments in a JSON file: an array of them, each with what differs from the usual.</summary>
public static class ExperimentList
{
    /// <summary>
    /// A grid of the kit by its name, or the experiments in a file.
    /// </summary>
    /// <param name="nameOrPath">"table2", or a path.</param>
    /// <exception cref="FileNotFoundException">It is neither.</exception>
    /// <exception cref="InvalidDataException">The file holds no experiments; the message says where.</exception>
    public static IReadOnlyList<Experiment> Of(string nameOrPath)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        return PaperGrids.Names.Contains(nameOrPath) ? PaperGrids.Of(nameOrPath, Scale.Current).Experiments : Read(nameOrPath);
    }

    private static Experiment[] Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"'{path}' is neither a file nor a grid; the grids are {string.Join(", ", PaperGrids.Names)}", path);
        }

        try
        {
            return JsonSerializer.Deserialize<Experiment[]>(File.ReadAllBytes(path), ExperimentJson.Page) is { Length: > 0 } list
                ? list
                : throw new InvalidDataException($"'{path}' holds no experiments");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}', line {e.LineNumber + 1}: {e.Message}", e);
        }
    }
}
