using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor abs() => Aten.One("abs", this);

        public Tensor bitwise_and(Tensor other) => Aten.One("bitwise_and.Tensor", this, other);

        public Tensor bitwise_not() => Aten.One("bitwise_not", this);

        public Tensor bitwise_or(Tensor other) => Aten.One("bitwise_or.Tensor", this, other);

        public Tensor ceil() => Aten.One("ceil", this);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Aten.One("clamp", this, min, max);

        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => Aten.InPlace("clamp_", this, min, max);

        public Tensor clamp_max(Scalar max) => Aten.One("clamp_max", this, max);

        public Tensor clamp_min(Scalar min) => Aten.One("clamp_min", this, min);

        public Tensor cos() => Aten.One("cos", this);

        public Tensor exp() => Aten.One("exp", this);

        public Tensor floor() => Aten.One("floor", this);

        public Tensor gelu() => Aten.One("gelu", this);

        public Tensor isfinite() => Aten.One("isfinite", this);

        public Tensor isinf() => Aten.One("isinf", this);

        public Tensor isnan() => Aten.One("isnan", this);

        public Tensor log() => Aten.One("log", this);

        public Tensor logical_and(Tensor other) => Aten.One("logical_and", this, other);

        public Tensor logical_not() => Aten.One("logical_not", this);

        public Tensor logical_or(Tensor other) => Aten.One("logical_or", this, other);

        public Tensor maximum(Tensor other) => Aten.One("maximum", this, other);

        public Tensor minimum(Tensor other) => Aten.One("minimum", this, other);

        public Tensor reciprocal() => Aten.One("reciprocal", this);

        public Tensor relu() => Aten.One("relu", this);

        public Tensor relu_() => Aten.InPlace("relu_", this);

        public Tensor where(Tensor condition, Tensor y) => Aten.One("where.self", condition, this, y);

        public Tensor sigmoid() => Aten.One("sigmoid", this);

        public Tensor sign() => Aten.One("sign", this);

        public Tensor sin() => Aten.One("sin", this);

        public Tensor sqrt() => Aten.One("sqrt", this);

        public Tensor square() => Aten.One("square", this);

        public Tensor tanh() => Aten.One("tanh", this);
    }
}
