using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor all() => Aten.One("all", this);

        public Tensor all(long dim, bool keepdim = false) => Aten.One("all.dim", this, dim, keepdim);

        public Tensor amax(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => amax(dims.ToArray(), keepdim, @out);

        public Tensor amax(long[] dims, bool keepdim = false, Tensor? @out = null) => Into(@out, Aten.One("amax", this, dims, keepdim));

        public Tensor amax(params long[] dims) => Aten.One("amax", this, dims);

        public Tensor amin(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => amin(dims.ToArray(), keepdim, @out);

        public Tensor amin(long[] dims, bool keepdim = false, Tensor? @out = null) => Into(@out, Aten.One("amin", this, dims, keepdim));

        public Tensor amin(params long[] dims) => Aten.One("amin", this, dims);

        public Tensor any() => Aten.One("any", this);

        public Tensor any(long dim, bool keepdim = false) => Aten.One("any.dim", this, dim, keepdim);

        public Tensor argmax() => Aten.One("argmax", this);

        public Tensor argmax(long dim, bool keepdim = false) => Aten.One("argmax", this, dim, keepdim);

        public Tensor argmin() => Aten.One("argmin", this);

        public Tensor argmin(long dim, bool keepdim = false) => Aten.One("argmin", this, dim, keepdim);

        public Tensor argsort(long dim = -1, bool descending = false) => Aten.One("argsort", this, dim, descending);

        public Tensor corrcoef() => Aten.One("corrcoef", this);

        public Tensor cumsum(long dim, ScalarType? type = null) => Aten.One("cumsum", this, dim, type);

        public Tensor log_softmax(long dim, ScalarType? dtype = null) => Aten.One("log_softmax.int", this, dim, dtype);

        public Tensor max() => Aten.One("max", this);

        public Tensor max(Tensor other) => Aten.One("maximum", this, other);

        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Aten.Two("max.dim", this, dim, keepdim);

        public Tensor mean() => Aten.One("mean", this);

        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) => Aten.One("mean.dim", this, dimensions, keepdim, type);

        public Tensor min() => Aten.One("min", this);

        public Tensor min(Tensor other) => Aten.One("minimum", this, other);

        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Aten.Two("min.dim", this, dim, keepdim);

        public Tensor norm(float p = 2) => Aten.One("norm.Scalar", this, p);

        public Tensor norm(int dim, bool keepdim = false, float p = 2) => Aten.One("norm.ScalarOpt_dim", this, p, dim, keepdim);

        public Tensor softmax(long dim, ScalarType? dtype = null) => Aten.One("softmax.int", this, dim, dtype);

        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false)
            => Aten.Two("sort.stable", this, stable, dim, descending);

        public Tensor std(bool unbiased = true) => Aten.One("std", this, unbiased);

        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => std([dim], unbiased, keepdim, type);

        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
            => Aten.One("std.dim", As(type), dimensions, unbiased, keepdim);

        public Tensor sum(ScalarType? type = null) => Aten.One("sum", this, type);

        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => Aten.One("sum.dim_IntList", this, dim, keepdim, type);

        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => Aten.One("sum.dim_IntList", this, dim, keepdim, type);

        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true)
            => Aten.Two("topk", this, k, dim, largest, sorted);

        public Tensor var(bool unbiased = true) => Aten.One("var", this, unbiased);

        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => var([dim], unbiased, keepdim, type);

        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
            => Aten.One("var.dim", As(type), dimensions, unbiased, keepdim);

        private static Tensor Into(Tensor? target, Tensor result) => target is null ? result : target.copy_(result);

        private Tensor As(ScalarType? type) => type is { } wanted ? to_type(wanted) : this;
    }
}
