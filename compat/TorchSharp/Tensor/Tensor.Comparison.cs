using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public bool allclose(Tensor target, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false)
            => Aten.Number("allclose", this, target, rtol, atol, equal_nan).ToBoolean();

        public Tensor eq(Scalar target) => Aten.One("eq.Scalar", this, target);

        public Tensor eq(Tensor target) => Aten.One("eq.Tensor", this, target);

        public Tensor ge(Scalar target) => Aten.One("ge.Scalar", this, target);

        public Tensor ge(Tensor target) => Aten.One("ge.Tensor", this, target);

        public Tensor gt(Scalar target) => Aten.One("gt.Scalar", this, target);

        public Tensor gt(Tensor target) => Aten.One("gt.Tensor", this, target);

        public Tensor le(Scalar target) => Aten.One("le.Scalar", this, target);

        public Tensor le(Tensor target) => Aten.One("le.Tensor", this, target);

        public Tensor lt(Scalar target) => Aten.One("lt.Scalar", this, target);

        public Tensor lt(Tensor target) => Aten.One("lt.Tensor", this, target);

        public Tensor ne(Scalar target) => Aten.One("ne.Scalar", this, target);

        public Tensor ne(Tensor target) => Aten.One("ne.Tensor", this, target);
    }
}
