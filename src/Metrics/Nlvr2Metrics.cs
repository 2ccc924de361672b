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
        using var examples = new JsonList(annotationsPath, isLines: true);
        (string Sentence, bool IsRight)[] judged = [.. examples.Select((ExampleRow example, int _) =>
        {
            var parts = example.Identifier.Split('-');
            Guard.Data(parts.Length >= 3,
                $"the identifier {Printable.Quoted(example.Identifier)} is not of the form split-set-pair-sentence");
            Guard.Data(predictions.TryGetValue(example.Identifier, out var prediction),
                $"the example {Printable.Quoted(example.Identifier)} has no prediction in {predictionsPath}");
            parts[2] = "";
            return (string.Join('-', parts), prediction == example.Label);
        })];
        Guard.Data(judged.Length > 0, $"{annotationsPath}: there are no examples in it");
        var sentences = judged.GroupBy(one => one.Sentence).Select(of => of.All(one => one.IsRight)).ToArray();
        return new Nlvr2Scores(
            (double)judged.Count(one => one.IsRight) / judged.Length,
            (double)sentences.Count(isRight => isRight) / sentences.Length, judged.Length, sentences.Length);
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

    private sealed record ExampleRow(string Identifier, bool Label);
}

/// <summary>The two scores of NLVR2.</summary>
/// <param name="Consistency">The part of sentences of which all examples are predicted right.</param>
public sealed record Nlvr2Scores(double Accuracy, double Consistency, int Examples, int Sentences);
