using Madtp.Kit.Checkpoints;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>What fine-tuning begins with: published weights, and alignment guidance that is new and random.</summary>
internal static class PretrainedStart
{
    /// <summary>
    /// Makes a model and fills it from a checkpoint, all but its alignment guidance.
    /// </summary>
    /// <param name="create">Makes the model with random weights.</param>
    /// <param name="file">The checkpoint.</param>
    /// <param name="seed">Equal seeds give equal alignment guidance.</param>
    /// <exception cref="InvalidDataException">The file's tensors are not those of this model.</exception>
    public static T Model<T>(Func<T> create, CheckpointFile file, long seed)
        where T : nn.Module
    {
        manual_seed(seed);
        var model = create();
        var trained = model.state_dict().Where(tensor => !IsGuidance(tensor.Key)).ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        CheckpointLoader.Load(trained, file).RequireComplete();
        return model;
    }

    /// <summary>Whether a tensor belongs to alignment guidance, which published weights do not have.</summary>
    public static bool IsGuidance(string name) => name == "space_dict" || name.Contains(".query_model.", StringComparison.Ordinal);
}
