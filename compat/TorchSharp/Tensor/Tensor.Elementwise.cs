using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor abs() => Aten.One("abs", this);

        public Tensor abs_() => Aten.InPlace("abs_", this);

        public Tensor bitwise_and(Tensor other) => Aten.One("bitwise_and.Tensor", this, other);

        public Tensor bitwise_not() => Aten.One("bitwise_not", this);

        public Tensor bitwise_or(Tensor other) => Aten.One("bitwise_or.Tensor", this, other);

        public Tensor ceil() => Aten.One("ceil", this);

        public Tensor ceil_() => Aten.InPlace("ceil_", this);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Aten.One("clamp", this, min, max);

        public Tensor clamp(Tensor? min = null, Tensor? max = null) => Aten.One("clamp.Tensor", this, min, max);

        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => Aten.InPlace("clamp_", this, min, max);

        public Tensor clamp_(Tensor? min = null, Tensor? max = null) => Aten.InPlace("clamp_.Tensor", this, min, max);

        public Tensor clamp_max(Scalar max) => Aten.One("clamp_max", this, max);

        public Tensor clamp_max_(Scalar max) => Aten.InPlace("clamp_max_", this, max);

        public Tensor clamp_min(Scalar min) => Aten.One("clamp_min", this, min);

        public Tensor clamp_min_(Scalar min) => Aten.InPlace("clamp_min_", this, min);

        public Tensor cos() => Aten.One("cos", this);

        public Tensor erf() => Aten.One("erf", this);

        public Tensor erfinv_() => Aten.InPlace("erfinv_", this);

        public Tensor exp() => Aten.One("exp", this);

        public Tensor exp_() => Aten.InPlace("exp_", this);

        public Tensor expm1() => Aten.One("expm1", this);

        public Tensor floor() => Aten.One("floor", this);

        public Tensor floor_() => Aten.InPlace("floor_", this);

        public Tensor gelu() => Aten.One("gelu", this);

        public Tensor isfinite() => Aten.One("isfinite", this);

        public Tensor isinf() => Aten.One("isinf", this);

        public Tensor isnan() => Aten.One("isnan", this);

        public Tensor leaky_relu(Scalar negative_slope) => Aten.One("leaky_relu", this, negative_slope);

        public Tensor log() => Aten.One("log", this);

        public Tensor log10() => Aten.One("log10", this);

        public Tensor log1p() => Aten.One("log1p", this);

        public Tensor log2() => Aten.One("log2", this);

        public Tensor log_() => Aten.InPlace("log_", this);

        public Tensor log_sigmoid() => Aten.One("log_sigmoid", this);

        public Tensor logical_and(Tensor other) => Aten.One("logical_and", this, other);

        public Tensor logical_not() => Aten.One("logical_not", this);

        public Tensor logical_or(Tensor other) => Aten.One("logical_or", this, other);

        public Tensor logical_xor(Tensor other) => Aten.One("logical_xor", this, other);

        public Tensor maximum(Tensor other) => Aten.One("maximum", this, other);

        public Tensor minimum(Tensor other) => Aten.One("minimum", this, other);

        public Tensor nan_to_num(double nan = 0, double? posinf = null, double? neginf = null) => Aten.One("nan_to_num", this, nan, posinf, neginf);

        public Tensor reciprocal() => Aten.One("reciprocal", this);

        public Tensor reciprocal_() => Aten.InPlace("reciprocal_", this);

        public Tensor relu() => Aten.One("relu", this);

        public Tensor relu_() => Aten.InPlace("relu_", this);

        public Tensor round(long decimals = 0) => decimals == 0 ? Aten.One("round", this) : Aten.One("round.decimals", this, decimals);

        public Tensor round_(long decimals = 0) => Aten.InPlace("round_.decimals", this, decimals);

        public Tensor where(Tensor condition, Tensor y) => Aten.One("where.self", condition, this, y);

        public Tensor rsqrt() => Aten.One("rsqrt", this);

        public Tensor rsqrt_() => Aten.InPlace("rsqrt_", this);

        public Tensor sigmoid() => Aten.One("sigmoid", this);

        public Tensor sigmoid_() => Aten.InPlace("sigmoid_", this);

        public Tensor sign() => Aten.One("sign", this);

        public Tensor silu() => Aten.One("silu", this);

        public Tensor sin() => Aten.One("sin", this);

        public Tensor softplus(double beta = 1, double threshold = 20) => Aten.One("softplus", this, beta, threshold);

        public Tensor sqrt() => Aten.One("sqrt", this);

        public Tensor sqrt_() => Aten.InPlace("sqrt_", this);

        public Tensor square() => Aten.One("square", this);

        public Tensor tan() => Aten.One("tan", this);

        public Tensor tanh() => Aten.One("tanh", this);

        public Tensor tanh_() => Aten.InPlace("tanh_", this);

        public Tensor trunc() => Aten.One("trunc", this);

        public Tensor xlogy(Scalar y) => Aten.One("xlogy.Scalar_Other", this, y);

        public Tensor xlogy(Tensor y) => Aten.One("xlogy.Tensor", this, y);
    }
}
