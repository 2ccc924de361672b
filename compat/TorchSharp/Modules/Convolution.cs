namespace TorchSharp.Modules;

/// <summary>What convolutions share: the kernel, its bias, and how it moves over the input.</summary>
public abstract class Convolution : torch.nn.Module<torch.Tensor, torch.Tensor>
{
    private protected Convolution(
        string name,
        long[] kernel,
        (long In, long Out) channels,
        long[] stride,
        long[] padding,
        long[] dilation,
        long groups,
        bool bias,
        torch.Device? device,
        torch.ScalarType? dtype)
        : base(name)
    {
        if (groups <= 0 || channels.In % groups != 0 || channels.Out % groups != 0)
        {
            throw new ArgumentException($"{groups} groups do not divide {channels.In} input and {channels.Out} output channels", nameof(groups));
        }

        (in_channels, out_channels) = channels;
        kernel_size = kernel;
        this.stride = stride;
        this.padding = padding;
        this.dilation = dilation;
        this.groups = groups;
        weight = new Parameter(torch.empty([out_channels, in_channels / groups, .. kernel], dtype, device));
        torch.nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
        if (bias)
        {
            var bound = 1 / Math.Sqrt(in_channels / groups * kernel.Aggregate(1L, (product, size) => product * size));
            this.bias = new Parameter(torch.empty([out_channels], dtype, device));
            torch.nn.init.uniform_(this.bias, -bound, bound);
        }
    }

    public long in_channels { get; }

    public long out_channels { get; }

    public long[] kernel_size { get; set; }

    public long[] stride { get; set; }

    public long[] padding { get; }

    public long[] dilation { get; set; }

    public long groups { get; set; }

    public Parameter weight
    {
        get => _internal_params[nameof(weight)];
        set => ConditionallyRegisterParameter(nameof(weight), value);
    }

    public Parameter? bias
    {
        get => _internal_params.TryGetValue(nameof(bias), out var found) ? found : null;
        set => ConditionallyRegisterParameter(nameof(bias), value);
    }
}
