using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static Generator manual_seed(long seed)
    {
        Kit.Check(Kit.ManualSeed(seed));
        return Generator.Default;
    }

    public static Tensor get_rng_state() => Generator.Default.get_state();

    public static void set_rng_state(Tensor new_state) => Generator.Default.set_state(new_state);

    /// <summary>A stream of random numbers.</summary>
    public class Generator : IDisposable
    {
        private nint handle;

        public Generator(ulong seed = 0, Device? device = null)
            : this(Kit.Check(Kit.Generator(0, (long)seed, (int)(device ?? torch.CPU).type, (device ?? torch.CPU).index)))
        {
        }

        private Generator(nint handle)
        {
            this.handle = handle;
        }

        ~Generator() => Dispose(false);

        public static Generator Default => new(Kit.Check(Kit.Generator(1, 0, (int)DeviceType.CPU, -1)));

        public IntPtr Handle
        {
            get
            {
                ObjectDisposedException.ThrowIf(handle == 0, this);
                return handle;
            }
        }

        public Tensor get_state() => new(Kit.Check(Kit.GeneratorState(Handle)));

        public void set_state(Tensor value)
        {
            Kit.Check(Kit.SetGeneratorState(Handle, value.Handle));
            GC.KeepAlive(value);
        }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            var released = Interlocked.Exchange(ref handle, 0);
            if (released != 0)
            {
                Kit.FreeGenerator(released);
            }
        }
    }
}
