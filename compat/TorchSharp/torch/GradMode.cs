using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Records no graph until disposed.</summary>
    public static IDisposable no_grad() => new GradScope(false);

    public static IDisposable enable_grad(bool enabled = true) => new GradScope(enabled);

    /// <summary>Records nothing at all until disposed: tensors made inside never join a graph.</summary>
    public static IDisposable inference_mode(bool mode = true) => new InferenceScope(mode);

    public static bool is_grad_enabled() => Kit.GradMode() != 0;

    private sealed class GradScope : IDisposable
    {
        private readonly bool before = is_grad_enabled();

        public GradScope(bool enabled) => Kit.SetGradMode(enabled ? 1 : 0);

        public void Dispose() => Kit.SetGradMode(before ? 1 : 0);
    }

    private sealed class InferenceScope : IDisposable
    {
        private nint mode;

        public InferenceScope(bool enabled) => mode = Kit.Check(Kit.EnterInferenceMode(enabled ? 1 : 0));

        public void Dispose()
        {
            if (mode != 0)
            {
                Kit.LeaveInferenceMode(mode);
                mode = 0;
            }
        }
    }
}
