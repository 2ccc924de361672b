using System.Text.Json.Serialization;
using Madtp.Kit.Text;

namespace Madtp.Kit.Metrics;

/// <summary>Accuracy and consistency as NLVR2's official evaluation computes them.</summary>
public static class Nlvr2Metrics
{
    /// <summary>Scores predictions.</summary>
    /// <param name="examples">
    /// Identifier and label of each example. The identifier is <c>split-set-pair-sentence</c>; examples that differ in the pair
    /// alone share a sentence.
    /// </param>
    /// <param name="predictions">The predicted label by identifier, in whatever case.</param>
    /// <exception cref="ArgumentException">
    /// There are no examples, one has no prediction, or an identifier has another form.
    /// </exception>
    public static Nlvr2Scores Compute(
        IEnumerable<(string Identifier, string Label)> examples, IReadOnlyDictionary<string, string> predictions)
    {
        var sentences = new Dictionary<string, bool>(StringComparer.Ordinal);
        var (count, right) = (0, 0);
        foreach (var (identifier, label) in examples)
        {
            if (!predictions.TryGetValue(identifier, out var prediction))
            {
                throw new ArgumentException($"the example {identifier} has no prediction");
            }

            var correct = PythonText.Lower(prediction) == PythonText.Lower(label);
            var sentence = SentenceOf(identifier);
            sentences[sentence] = correct && sentences.GetValueOrDefault(sentence, true);
            right += correct ? 1 : 0;
            count++;
        }

        return count == 0
            ? throw new ArgumentException("there are no examples to score")
            : new Nlvr2Scores((double)right / count, (double)sentences.Values.Count(consistent => consistent) / sentences.Count,
                count, sentences.Count);
    }

    /// <summary>Reads the field's own formats and scores.</summary>
    /// <param name="predictionsPath">Lines <c>identifier,label</c>.</param>
    /// <param name="annotationsPath">NLVR2's JSON lines, with <c>identifier</c> and <c>label</c>.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A line has another form, or an example has no prediction.</exception>
    public static Nlvr2Scores ComputeFiles(string predictionsPath, string annotationsPath)
    {
        var predictions = ReadPredictions(predictionsPath);
        var examples = new List<(string Identifier, string Label)>();
        foreach (var (line, example) in MetricFile.ReadJsonLines<Example>(
            annotationsPath, "an NLVR2 example with its identifier and label"))
        {
            if (example.Identifier.Split('-').Length < 3)
            {
                throw new InvalidDataException(
                    $"{annotationsPath}, line {line}: the identifier '{example.Identifier}' is not of the form "
                    + $"split-set-pair-sentence");
            }

            if (!predictions.ContainsKey(example.Identifier))
            {
                throw new InvalidDataException(
                    $"{predictionsPath}: the example {example.Identifier} of {annotationsPath}, line {line}, has no prediction");
            }

            examples.Add((example.Identifier, example.Label));
        }

        return examples.Count > 0 ? Compute(examples, predictions)
            : throw new InvalidDataException($"{annotationsPath}: there are no examples in it");
    }

    private static Dictionary<string, string> ReadPredictions(string path)
    {
        MetricFile.Require(path, "predictions");
        var predictions = new Dictionary<string, string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var fields = PythonText.Strip(line).ToString().Split(',');
            if (fields is [var identifier, var label, ..])
            {
                predictions[identifier] = label;
            }
            else if (fields[0].Length > 0)
            {
                throw new InvalidDataException($"{path}, line {number}: '{line}' is not of the form identifier,label");
            }
        }

        return predictions;
    }

    private static string SentenceOf(string identifier)
    {
        var parts = identifier.Split('-');
        if (parts.Length < 3)
        {
            throw new ArgumentException($"the identifier '{identifier}' is not of the form split-set-pair-sentence");
        }

        parts[2] = "";
        return string.Join('-', parts);
    }

    private sealed record Example([property: JsonPropertyName("identifier")] string Identifier,
        [property: JsonPropertyName("label")] string Label);
}

/// <summary>The two scores of NLVR2.</summary>
/// <param name="Accuracy">The part of examples predicted right.</param>
/// <param name="Consistency">The part of sentences of which all examples are predicted right.</param>
/// <param name="Examples">How many examples there are.</param>
/// <param name="Sentences">How many sentences.</param>
public sealed record Nlvr2Scores(double Accuracy, double Consistency, int Examples, int Sentences);
