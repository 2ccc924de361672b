using TorchSharp.Interop;

namespace TorchSharp.Modules
{
    /// <summary>x Φ(x), Φ the normal distribution function.</summary>
    public sealed class GELU : ParameterLessModule<torch.Tensor, torch.Tensor>
    {
        internal GELU(bool inplace)
            : base(nameof(GELU))
        {
            this.inplace = inplace;
        }

        public bool inplace { get; set; }

        public override torch.Tensor forward(torch.Tensor tensor) => inplace ? Aten.InPlace("gelu_", tensor) : Aten.One("gelu", tensor);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.GELU GELU() => new(false);
        }
    }
}
