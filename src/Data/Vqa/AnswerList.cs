using System.Text.Json;

namespace Madtp.Kit.Data.Vqa;

/// <summary>The answers among which a model chooses when it ranks (BLIP's answer_list.json: an array of texts).</summary>
public static class AnswerList
{
    /// <summary>Reads the list.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no array of texts, or empty.</exception>
    public static IReadOnlyList<string> Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"no answer list at '{path}'", path);
        }

        string?[]? answers;
        try
        {
            answers = JsonSerializer.Deserialize<string?[]>(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: not an array of texts ({e.Message})", e);
        }

        return answers is { Length: > 0 } && !answers.Contains(null)
            ? [.. answers.OfType<string>()]
            : throw new InvalidDataException($"{path}: no answers, or some are null");
    }
}
