using TorchSharp.Modules;

namespace TorchSharp;

/// <summary>Steps that modules and optimizers share.</summary>
internal static class Optimization
{
    internal static void ClearGradient(Parameter parameter, bool setToNone)
    {
        if (setToNone)
        {
            parameter.grad = null;
            return;
        }

        using var unrecorded = torch.no_grad();
        using var gradient = parameter.grad;
        gradient?.zero_();
    }
}
