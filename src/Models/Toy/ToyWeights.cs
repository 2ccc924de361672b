using System.Globalization;
using Madtp.Kit.Checkpoints;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Toy;

/// <summary>Files of trained toy weights: only what answers, no training copies; beside it the temperature and what else is worth knowing.</summary>
internal static class ToyWeights
{
    /// <summary>Where the weights that come with the kit are.</summary>
    public static string Path(string name, double? macShare) => KitFolder.File("data", "toy", "weights", FileName(name, macShare));

    /// <summary>What weights for a share of multiply-accumulates are called.</summary>
    public static string FileName(string name, double? macShare) =>
        macShare is { } share ? FormattableString.Invariant($"{name}-madtp-{share}.safetensors") : $"{name}.safetensors";

    /// <summary>Writes a model's weights without momentum copies and queues.</summary>
    public static void Save(string path, nn.Module model, double? temperature, IReadOnlyDictionary<string, string> notes)
    {
        var metadata = new Dictionary<string, string>(notes);
        if (temperature is { } value)
        {
            metadata["temperature"] = value.ToString("R", CultureInfo.InvariantCulture);
        }

        var answering = model.state_dict().Where(tensor => !IsForTraining(tensor.Key)).ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        SafetensorsWriter.Write(path, answering, metadata);
    }

    /// <summary>Fills a model with weights; training copies, where it has them, are not in the file.</summary>
    /// <returns>The file's notes.</returns>
    /// <exception cref="FileNotFoundException">No such weights are there; the message says how to train them.</exception>
    /// <exception cref="InvalidDataException">The file's tensors are not those of this model.</exception>
    public static IReadOnlyDictionary<string, string> Load(string path, nn.Module model)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"there are no weights at '{path}'; './kit train {System.IO.Path.GetFileNameWithoutExtension(path).Split("-madtp-")[0]}' trains them", path);
        }

        using var file = CheckpointFile.Open(path);
        var answering = model.state_dict().Where(tensor => !IsForTraining(tensor.Key)).ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        CheckpointLoader.Load(answering, file).RequireComplete();
        return file.Metadata;
    }

    /// <summary>T that a budget was met at; null for a model trained without reduction.</summary>
    public static double? Temperature(IReadOnlyDictionary<string, string> notes) =>
        notes.TryGetValue("temperature", out var temperature) ? double.Parse(temperature, CultureInfo.InvariantCulture) : null;

    /// <summary>Whether a tensor is only needed in training: momentum copies and queues.</summary>
    public static bool IsForTraining(string name)
    {
        var root = name.Split('.')[0];
        return root.EndsWith("_m", StringComparison.Ordinal) || root.EndsWith("_queue", StringComparison.Ordinal);
    }
}
