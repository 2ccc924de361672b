using TorchSharp.Interop;

namespace TorchSharp.Modules
{
    /// <summary>Convolution over images.</summary>
    public sealed class Conv2d : Convolution
    {
        internal Conv2d(
            (long In, long Out) channels,
            (long, long) kernel,
            (long, long) stride,
            (long, long) padding,
            (long, long) dilation,
            long groups,
            bool bias,
            torch.Device? device,
            torch.ScalarType? dtype)
            : base(nameof(Conv2d), Pair(kernel), channels, Pair(stride), Pair(padding), Pair(dilation), groups, bias, device, dtype)
        {
        }

        public override torch.Tensor forward(torch.Tensor input)
            => Aten.One("conv2d", input, weight, bias, stride, padding, dilation, groups);

        private static long[] Pair((long, long) sizes) => [sizes.Item1, sizes.Item2];
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.Conv2d Conv2d(
                long in_channels,
                long out_channels,
                long kernel_size,
                long stride = 1,
                long padding = 0,
                long dilation = 1,
                PaddingModes padding_mode = PaddingModes.Zeros,
                long groups = 1,
                bool bias = true,
                Device? device = null,
                ScalarType? dtype = null)
                => Conv2d(
                    in_channels,
                    out_channels,
                    (kernel_size, kernel_size),
                    (stride, stride),
                    (padding, padding),
                    (dilation, dilation),
                    padding_mode,
                    groups,
                    bias,
                    device,
                    dtype);

            public static Modules.Conv2d Conv2d(
                long in_channels,
                long out_channels,
                (long, long) kernel_size,
                (long, long)? stride = null,
                (long, long)? padding = null,
                (long, long)? dilation = null,
                PaddingModes padding_mode = PaddingModes.Zeros,
                long groups = 1,
                bool bias = true,
                Device? device = null,
                ScalarType? dtype = null)
                => padding_mode == PaddingModes.Zeros
                    ? new((in_channels, out_channels), kernel_size, stride ?? (1, 1), padding ?? (0, 0), dilation ?? (1, 1), groups, bias, device, dtype)
                    : throw new ArgumentException("this kit's convolutions pad with zeros: pad the input with nn.functional.pad first", nameof(padding_mode));
        }
    }
}
