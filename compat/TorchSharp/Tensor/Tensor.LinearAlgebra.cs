using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor bmm(Tensor batch2) => Aten.One("bmm", this, batch2);

        public Tensor dot(Tensor target) => Aten.One("dot", this, target);

        public Tensor matmul(Tensor target) => Aten.One("matmul", this, target);

        public Tensor mm(Tensor target) => Aten.One("mm", this, target);
    }
}
