using System.Runtime.CompilerServices;
using TorchSharp.Interop;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The elements' memory, in order; of a tensor that is not contiguous on the CPU, a copy.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                var length = checked((int)(NumberOfElements * ElementSize));
                if (device_type == DeviceType.CPU && is_contiguous())
                {
                    return new Span<byte>((void*)Kit.Data(Handle), length);
                }

                using var copy = cpu().contiguous();
                return new Span<byte>((void*)Kit.Data(copy.Handle), length).ToArray();
            }

            set
            {
                if (value.Length != NumberOfElements * ElementSize)
                {
                    throw new ArgumentException($"{value.Length} bytes for a tensor of {NumberOfElements * ElementSize}", nameof(value));
                }

                fixed (byte* source = value)
                fixed (long* sizes = shape)
                {
                    using var from = new Tensor(Kit.Check(Kit.FromMemory(source, value.Length, sizes, (int)ndim, (int)dtype)));
                    using var unrecorded = no_grad();
                    copy_(from);
                }
            }
        }

        public TensorAccessor<T> data<T>()
            where T : unmanaged
        {
            RequireType<T>();
            if (device_type != DeviceType.CPU)
            {
                throw new InvalidOperationException($"Reading data from non-CPU memory is not supported: move the tensor from {device} to the CPU first.");
            }

            return new TensorAccessor<T>(this);
        }

        /// <summary>The one element of this tensor.</summary>
        /// <exception cref="ArgumentException">More or fewer than one element, or another element type than <typeparamref name="T"/>.</exception>
        public unsafe T item<T>()
            where T : unmanaged
        {
            if (NumberOfElements != 1)
            {
                throw new ArgumentException($"only a tensor of one element can be converted to a scalar; this one has {NumberOfElements}");
            }

            RequireType<T>();
            if (device_type == DeviceType.CPU)
            {
                return Unsafe.ReadUnaligned<T>((void*)Kit.Check(Kit.Data(Handle)));
            }

            using var local = cpu();
            return local.item<T>();
        }

        public Scalar ToScalar() => Aten.Number("_local_scalar_dense", this);

        private void RequireType<T>()
        {
            var expected = ElementTypeOf(typeof(T));
            if (dtype != expected)
            {
                throw new ArgumentException($"the tensor holds {dtype}, not {expected?.ToString() ?? typeof(T).Name}: convert it with to() first");
            }
        }

        internal static ScalarType? ElementTypeOf(Type type) => Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => ScalarType.Bool,
            TypeCode.Byte => ScalarType.Byte,
            TypeCode.SByte => ScalarType.Int8,
            TypeCode.Int16 => ScalarType.Int16,
            TypeCode.Int32 => ScalarType.Int32,
            TypeCode.Int64 => ScalarType.Int64,
            TypeCode.Single => ScalarType.Float32,
            TypeCode.Double => ScalarType.Float64,
            _ when type == typeof(Half) => ScalarType.Float16,
            _ => null,
        };
    }
}
