using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

/// <summary>Weights of compressed models in files. The tensors' shapes say how wide each layer is, so nothing else has to be stored.</summary>
public static class CompressedWeights
{
    /// <summary>Writes a model's weights, compressed or not.</summary>
    /// <param name="path">The file; it appears whole or not at all.</param>
    /// <param name="model">The model.</param>
    /// <param name="notes">What else to write beside the weights.</param>
    public static void Save(string path, nn.Module model, IReadOnlyDictionary<string, string>? notes = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        SafetensorsWriter.Write(path, model.state_dict(), notes);
    }

    /// <summary>
    /// A model with the widths that the file shows, in evaluation mode.
    /// </summary>
    /// <param name="family">The kind of model.</param>
    /// <param name="file">Weights of a compressed or a regular model.</param>
    /// <param name="config">Sizes of the regular model.</param>
    /// <exception cref="InvalidDataException">The file's tensors are not those of such a model.</exception>
    public static TModel Load<TModel, TSizes>(PrunableFamily<TModel, TSizes> family, CheckpointFile file, TSizes config)
        where TModel : nn.Module, IPrunableModel<TSizes>
        where TSizes : class, IPrunableSizes<TSizes>
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(config);
        var model = family.Create(config.Uncompressed);
        var sizes = CompressedConfig.Read(file, model.Config, model);
        if (!sizes.Equals(model.Config))
        {
            model.Dispose();
            model = family.Create(sizes);
        }

        CheckpointLoader.Load(model.state_dict(), file).RequireComplete();
        model.eval();
        return model;
    }
}
