using System.Globalization;

namespace TorchSharp;

public static partial class torch
{
    public static readonly Device CPU = new(DeviceType.CPU);

    private static Device defaultDevice = CPU;

    public static Device CUDA => new(DeviceType.CUDA);

    public static Device device(string description) => new(description);

    public static Device get_default_device() => defaultDevice;

    public static void set_default_device(Device device) => defaultDevice = device;

    public static void set_default_device(string device) => defaultDevice = new Device(device);

    /// <summary>Where a tensor lives: a kind of device, and which one of that kind (-1: the current one).</summary>
    public class Device
    {
        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = index < 0 && deviceType == DeviceType.CUDA ? 0 : index;
        }

        public Device(string description)
            : this(Kind(description.Split(':')[0]), Number(description))
        {
        }

        public DeviceType type { get; }

        public int index { get; }

        internal long Packed => ((long)index << 32) | (uint)type;

        public override string ToString()
        {
            var kind = type.ToString().ToLowerInvariant();
            return index < 0 ? kind : $"{kind}:{index}";
        }

        internal static Device Unpack(long packed) => new((DeviceType)(int)packed, (int)(packed >> 32));

        private static DeviceType Kind(string name) => name.Trim().ToLowerInvariant() switch
        {
            "cpu" => DeviceType.CPU,
            "cuda" => DeviceType.CUDA,
            "meta" => DeviceType.META,
            _ => throw new ArgumentException($"unknown device '{name}': cpu, cuda or cuda:N", nameof(name)),
        };

        private static int Number(string description)
        {
            var colon = description.IndexOf(':', StringComparison.Ordinal);
            return colon < 0 ? -1 : int.Parse(description.AsSpan(colon + 1), CultureInfo.InvariantCulture);
        }
    }
}
