namespace Madtp.Kit.Checkpoints;

/// <summary>The file formats that <see cref="CheckpointFile.Open"/> tells apart by their first bytes.</summary>
public enum CheckpointFormat
{
    /// <summary>A JSON header and raw bytes.</summary>
    Safetensors,

    /// <summary>What <c>torch.save</c> writes since PyTorch 1.6: a zip archive with a pickle and one entry per storage.</summary>
    PyTorchZip,

    /// <summary>What <c>torch.save</c> wrote before: pickles in a row, then the storages.</summary>
    PyTorchLegacy,

    /// <summary>What <c>torch.jit.save</c> writes, such as OpenAI's CLIP files: read for its tensors, its code is never looked at.</summary>
    TorchScript,
}
