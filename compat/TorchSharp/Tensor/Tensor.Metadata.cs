using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        private const int UsualRank = 16;

        public unsafe long[] shape
        {
            get
            {
                var sizes = stackalloc long[UsualRank];
                var rank = Kit.Shape(Handle, sizes, UsualRank);
                if (rank <= UsualRank)
                {
                    return new ReadOnlySpan<long>(sizes, rank).ToArray();
                }

                var many = new long[rank];
                fixed (long* pinned = many)
                {
                    _ = Kit.Shape(Handle, pinned, rank);
                }

                return many;
            }
        }

        public long ndim => Kit.Rank(Handle);

        public long NumberOfElements => Kit.Count(Handle);

        public long ElementSize => dtype.ElementSize();

        public ScalarType dtype => (ScalarType)Kit.Type(Handle);

        public Device device => Device.Unpack(Kit.Device(Handle));

        public DeviceType device_type => (DeviceType)(int)Kit.Device(Handle);

        public bool is_leaf => Kit.IsLeaf(Handle) != 0;

        public long dim() => ndim;

        public long numel() => NumberOfElements;

        public long[] size() => shape;

        public unsafe long size(int dim)
        {
            var sizes = stackalloc long[UsualRank];
            var rank = Kit.Shape(Handle, sizes, UsualRank);
            var at = dim < 0 ? dim + rank : dim;
            if (at < 0 || at >= rank)
            {
                throw new ArgumentOutOfRangeException(nameof(dim), dim, $"the tensor has {rank} dimensions");
            }

            return at < UsualRank ? sizes[at] : shape[at];
        }

        public unsafe long[] stride()
        {
            var strides = new long[ndim];
            fixed (long* pinned = strides)
            {
                _ = Kit.Strides(Handle, pinned, strides.Length);
            }

            return strides;
        }

        public bool is_contiguous()
        {
            var answer = Kit.IsContiguous(Handle);
            Kit.Check(answer);
            return answer != 0;
        }
    }
}
