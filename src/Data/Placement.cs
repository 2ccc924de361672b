using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>Where tensors of a batch are put.</summary>
internal static class Placement
{
    /// <summary>The tensor on a device; where it is if none is given.</summary>
    public static Tensor On(this Tensor tensor, Device? device) => device is null ? tensor : tensor.to(device);

    /// <summary>The device that a module computes on.</summary>
    public static Device DeviceOf(nn.Module module) => module.parameters().First().device;
}
