using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>The model that a task begins with: new, or filled from a checkpoint.</summary>
internal static class TaskModel
{
    /// <summary>A published BLIP of any task with its texts; the files that it learns from have to be there.</summary>
    /// <exception cref="FileNotFoundException">A file is missing; the message says where it belongs.</exception>
    /// <exception cref="InvalidDataException">Tensors or vocabulary are not those of this model.</exception>
    public static (T Model, CheckpointTexts Texts) Blip<T>(
        TaskSettings settings, CheckpointFile checkpoint, SplitFiles files, Func<BlipConfig, T> create)
        where T : nn.Module
    {
        files.RequireLearned();
        var sizes = CheckpointSizes.Blip(checkpoint, settings.Hints);
        var texts = CheckpointTexts.Open(sizes, checkpoint, files.Files, settings.Vocabulary);
        return (Blip(settings, checkpoint, sizes, create), texts);
    }

    /// <summary>A BLIP of any task.</summary>
    /// <param name="checkpoint">Its weights; null begins anew.</param>
    /// <exception cref="InvalidDataException">The tensors are not those of this model; the message lists them.</exception>
    public static T Blip<T>(TaskSettings settings, CheckpointFile? checkpoint, BlipConfig sizes, Func<BlipConfig, T> create)
        where T : nn.Module
    {
        sizes = sizes with { Vision = Sized(sizes.Vision, settings.ImageSize) };
        return Make(settings, checkpoint, create, !settings.Learns ? sizes with { Contrastive = null } : sizes with
        {
            Vision = sizes.Vision with { DropPath = settings.DropPath },
            Text = sizes.Text with { Dropout = settings.Dropout },
            Alignment = Alignment(settings, sizes.Alignment),
            Contrastive = typeof(T) == typeof(BlipRetrieval) ? Contrastive(settings) : null,
        });
    }

    /// <summary>A CLIP.</summary>
    /// <inheritdoc cref="Blip{T}(TaskSettings, CheckpointFile?, BlipConfig, Func{BlipConfig, T})"/>
    public static ClipModel Clip(TaskSettings settings, CheckpointFile? checkpoint, ClipConfig sizes)
    {
        sizes = sizes with { Vision = Sized(sizes.Vision, settings.ImageSize), Contrastive = null };
        return Make(settings, checkpoint, config => new ClipModel(config),
            !settings.Learns ? sizes
            : sizes with { Alignment = Alignment(settings, sizes.Alignment), Contrastive = Contrastive(settings) });
    }

    // One image's attention must fit into memory at all, which is found out before it is asked for.
    private static VisionTransformerConfig Sized(VisionTransformerConfig vision, int? imageSize)
    {
        if (imageSize is not { } side)
            return vision;

        Guard.Argument(side >= vision.PatchSize && side % vision.PatchSize == 0,
            $"--image-size {side}: this model's patches are {vision.PatchSize} pixels wide, and an image's side is a multiple of "
            + $"that");
        var tokens = 1 + Math.Pow(side / vision.PatchSize, 2);
        var bytes = vision.Heads * tokens * tokens * sizeof(float);
        var there = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        Guard.Argument(bytes < there,
            $"--image-size {side}: the attention of one image needs {bytes / 1e9:N0} GB, and this machine has {there / 1e9:N0}");
        return vision with { ImageSize = side };
    }

    private static ContrastiveConfig Contrastive(TaskSettings settings) =>
        new() { QueueSize = settings.QueueSize, Momentum = settings.Momentum };

    private static AlignmentConfig Alignment(TaskSettings settings, AlignmentConfig? own) =>
        settings.NewAlignment || own is null ? settings.Alignment : own;

    private static T Make<T, TSizes>(TaskSettings settings, CheckpointFile? checkpoint, Func<TSizes, T> create, TSizes sizes)
        where T : nn.Module
    {
        if (!settings.Learns)
            return CompressedWeights.Load(create(sizes), checkpoint!, settings.Hints).to(settings.Device);

        manual_seed(settings.Seed);
        var model = create(sizes);
        if (settings.Data is null && model is not ClipModel)
            ToyModels.Randomize(model);

        if (checkpoint is not null)
            Fill(model, checkpoint, settings);
        else if (model is BlipCaptioner or BlipVqa)
            ToyModels.BeginWithNlvr2(model);
        else
            (model as ContrastiveModel)?.RestartCopies();

        var placed = model.to(settings.Device);
        var isFrozen = settings.Guidance == GuidanceTraining.Frozen;
        foreach (var (_, parameter) in placed.named_parameters().Where(parameter => isFrozen && IsGuidance(parameter.name)))
            parameter.requires_grad = false;

        return placed;
    }

    // Guidance, queues and copies may be missing: the first begins at random, queues empty, and copies at what they copy.
    private static void Fill(nn.Module model, CheckpointFile checkpoint, TaskSettings settings)
    {
        var state = model.state_dict();
        var targets = state.Where(tensor => !settings.NewAlignment || !IsGuidance(tensor.Key))
            .ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        settings.Hints.Tell(CheckpointLoader.Load(targets, checkpoint, settings.Hints.Weights))
            .RequireComplete(name => IsGuidance(name) || ContrastiveModel.IsForTraining(name));
        if (model is ContrastiveModel copying && !checkpoint.Tensors.Any(tensor => ContrastiveModel.IsForTraining(tensor.Name)))
            copying.RestartCopies();
    }

    // Whether a tensor belongs to alignment guidance, which published weights do not have.
    private static bool IsGuidance(string name) =>
        name == "space_dict" || name.Contains(".query_model.", StringComparison.Ordinal);
}
