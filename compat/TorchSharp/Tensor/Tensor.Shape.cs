using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor T => Aten.One("t", this);

        public Tensor mT => transpose(-2, -1);

        public Tensor alias() => Aten.One("alias", this);

        public Tensor[] chunk(long chunks, long dim = 0) => Aten.Many("chunk", this, chunks, dim);

        public Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false) => Aten.One("expand", this, sizes, isImplicit);

        public Tensor expand(long[] sizes, bool isImplicit = false) => Aten.One("expand", this, sizes, isImplicit);

        public Tensor expand(params long[] sizes) => Aten.One("expand", this, sizes);

        public Tensor expand_as(Tensor other) => Aten.One("expand_as", this, other);

        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Aten.One("flatten.using_ints", this, start_dim, end_dim);

        public Tensor flip(params long[] dims) => Aten.One("flip", this, dims);

        public Tensor narrow(long dim, long start, long length) => Aten.One("narrow", this, dim, start, length);

        public Tensor permute(params long[] permutation) => Aten.One("permute", this, permutation);

        public Tensor repeat(params long[] sizes) => Aten.One("repeat", this, sizes);

        public Tensor repeat_interleave(Tensor repeats, long? dim = null, long? output_size = null)
            => Aten.One("repeat_interleave.self_Tensor", this, repeats, dim, output_size);

        public Tensor reshape(params long[] shape) => Aten.One("reshape", this, shape);

        public Tensor select(long dim, long index) => Aten.One("select.int", this, dim, index);

        public Tensor[] split(long size, int dim = 0) => Aten.Many("split.Tensor", this, size, dim);

        public Tensor squeeze(long? dim = null) => dim is { } at ? Aten.One("squeeze.dim", this, at) : Aten.One("squeeze", this);

        public Tensor t() => Aten.One("t", this);

        public Tensor transpose(long dim0, long dim1) => Aten.One("transpose.int", this, dim0, dim1);

        public Tensor tril(long diagonal = 0) => Aten.One("tril", this, diagonal);

        public Tensor triu(long diagonal = 0) => Aten.One("triu", this, diagonal);

        public Tensor[] unbind(long dimension = 0) => Aten.Many("unbind.int", this, dimension);

        public Tensor unsqueeze(long dim) => Aten.One("unsqueeze", this, dim);

        public Tensor view(params long[] shape) => Aten.One("view", this, shape);
    }
}
