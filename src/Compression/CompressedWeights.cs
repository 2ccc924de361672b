using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Blip;
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

    /// <summary>BLIP NLVR2 with the widths that the file shows, in evaluation mode.</summary>
    /// <inheritdoc cref="Load{TModel}"/>
    public static BlipNlvr LoadNlvr(CheckpointFile file, BlipConfig config) => Load(file, config, sizes => new BlipNlvr(sizes));

    /// <summary>
    /// A model with the widths that the file shows, in evaluation mode.
    /// </summary>
    /// <param name="file">Weights of a compressed or a regular model.</param>
    /// <param name="config">Sizes of the regular model.</param>
    /// <param name="create">Makes a model of given sizes.</param>
    /// <exception cref="InvalidDataException">The file's tensors are not those of such a model.</exception>
    public static TModel Load<TModel>(CheckpointFile file, BlipConfig config, Func<BlipConfig, TModel> create)
        where TModel : nn.Module, IPrunableModel
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(create);
        var model = create(config.Uncompressed);
        var sizes = CompressedConfig.Read(file, config, model);
        if (sizes.Vision.PrunedWidths is not null || sizes.Text.PrunedWidths is not null)
        {
            model.Dispose();
            model = create(sizes);
        }

        CheckpointLoader.Load(model.state_dict(), file).RequireComplete();
        model.eval();
        return model;
    }
}
