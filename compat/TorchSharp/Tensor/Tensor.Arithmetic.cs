using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor add(Scalar scalar) => Aten.One("add.Scalar", this, scalar);

        public Tensor add(Tensor target) => Aten.One("add.Tensor", this, target);

        public Tensor add_(Scalar scalar) => Aten.InPlace("add_.Scalar", this, scalar);

        public Tensor add_(Tensor target) => Aten.InPlace("add_.Tensor", this, target);

        public Tensor add_(Tensor target, Scalar alpha) => Aten.InPlace("add_.Tensor", this, target, alpha);

        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None)
            => rounding_mode == RoundingMode.None
            ? Aten.One("div.Scalar", this, target)
            : Aten.One("div.Scalar_mode", this, target, rounding_mode.ToString());

        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None)
            => rounding_mode == RoundingMode.None
            ? Aten.One("div.Tensor", this, target)
            : Aten.One("div.Tensor_mode", this, target, rounding_mode.ToString());

        public Tensor mul(Scalar target) => Aten.One("mul.Scalar", this, target);

        public Tensor mul(Tensor target) => Aten.One("mul.Tensor", this, target);

        public Tensor mul_(Scalar target) => Aten.InPlace("mul_.Scalar", this, target);

        public Tensor mul_(Tensor target) => Aten.InPlace("mul_.Tensor", this, target);

        public Tensor neg() => Aten.One("neg", this);

        public Tensor pow(Scalar exponent) => Aten.One("pow.Tensor_Scalar", this, exponent);

        public Tensor pow(Tensor exponent) => Aten.One("pow.Tensor_Tensor", this, exponent);

        public Tensor remainder(Scalar scalar) => Aten.One("remainder.Scalar", this, scalar);

        public Tensor remainder(Tensor target) => Aten.One("remainder.Tensor", this, target);

        public Tensor sub(Scalar target) => Aten.One("sub.Scalar", this, target);

        public Tensor sub(Tensor target) => Aten.One("sub.Tensor", this, target);
    }
}
