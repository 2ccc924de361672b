using Madtp.Kit.Data;
using Madtp.Kit.Text;

namespace Madtp.Kit.Metrics;

/// <summary>Accuracy and consistency as NLVR2's official evaluation computes them.</summary>
public static class Nlvr2Metrics
{
    /// <summary>Reads the field's own formats and scores.</summary>
    /// <param name="predictionsPath">Lines <c>identifier,label</c>: true or false in any case, 1 or 0, blanks around.</param>
    /// <param name="annotationsPath">NLVR2's JSON lines, with <c>identifier</c> and <c>label</c>, written as above or as JSON's
    /// true and false. The identifier is <c>split-set-pair-sentence</c>; examples that differ in the pair alone share a
    /// sentence.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A line has another form, or an example has no prediction.</exception>
    public static Nlvr2Scores ComputeFiles(string predictionsPath, string annotationsPath)
    {
        var predictions = ReadPredictions(predictionsPath);
        var sentences = new Dictionary<string, bool>(StringComparer.Ordinal); // whether all of its examples are right
        var (count, right) = (0, 0);
        using var examples = JsonList.OfLines(annotationsPath);
        foreach (var example in examples)
        {
            var (identifier, label) = (example.Text("identifier"), example.Truth("label"));
            var parts = identifier.Split('-');
            if (parts.Length < 3)
            {
                throw example.Error($"the identifier {Printable.Quoted(identifier)} is not of the form split-set-pair-sentence");
            }

            if (!predictions.TryGetValue(identifier, out var prediction))
            {
                throw example.Error($"the example {Printable.Quoted(identifier)} has no prediction in {predictionsPath}");
            }

            parts[2] = "";
            var sentence = string.Join('-', parts);
            var isRight = prediction == label;
            sentences[sentence] = isRight && sentences.GetValueOrDefault(sentence, true);
            right += isRight ? 1 : 0;
            count++;
        }

        return count == 0
            ? throw new InvalidDataException($"{annotationsPath}: there are no examples in it")
            : new Nlvr2Scores((double)right / count, (double)sentences.Values.Count(isRight => isRight) / sentences.Count,
                count, sentences.Count);
    }

    private static Dictionary<string, bool> ReadPredictions(string path)
    {
        var predictions = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var (index, line) in File.ReadLines(JsonList.Require(path)).Index())
        {
            var fields = PythonText.Strip(line).Split(',');
            if (fields is [var identifier, var label, ..])
            {
                var isTrue = JsonRecord.ParseTruth(label) ?? throw new InvalidDataException(
                    $"{path}, line {index + 1}: the label must be {JsonRecord.TruthForms}, not {Printable.Quoted(label)}");
                Guard.Data(predictions.TryAdd(identifier, isTrue) || predictions[identifier] == isTrue,
                    $"{path}, line {index + 1}: {Printable.Quoted(identifier)} is predicted {isTrue} here and {!isTrue} before");
            }
            else if (fields[0].Length > 0)
            {
                throw new InvalidDataException(
                    $"{path}, line {index + 1}: {Printable.Quoted(line)} is not of the form identifier,label");
            }
        }

        return predictions;
    }
}

/// <summary>The two scores of NLVR2.</summary>
/// <param name="Consistency">The part of sentences of which all examples are predicted right.</param>
public sealed record Nlvr2Scores(double Accuracy, double Consistency, int Examples, int Sentences);
