using static TorchSharp.torch;

namespace Madtp.Kit.Runtime;

/// <summary>A function with a backward pass of its own. An exception that leaves TorchSharp's <c>backward</c> meets native code
/// and the process hangs; here it is remembered, no gradient flows, <see cref="BackwardPass.Run(Tensor)"/> throws it.</summary>
/// <typeparam name="T">The function itself; called through its static <c>apply</c>.</typeparam>
public abstract class GuardedFunction<T> : autograd.MultiTensorFunction<T>
    where T : GuardedFunction<T>, new()
{
    private const string Arguments = "guarded.arguments";
    private const string Results = "guarded.results";

    public sealed override string Name => typeof(T).Name;

    public sealed override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        ArgumentNullException.ThrowIfNull(vars);
        BackwardPass.Throw(); // if a plain backward() failed before
        ctx.set_materialize_grads(false); // zeros for what is undefined would be made from outputs that may be disposed by then
        ctx.save_data(Arguments, vars.Length);
        return Forward(ctx, vars);
    }

    public sealed override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        ArgumentNullException.ThrowIfNull(grad_outputs);
        try
        {
            using var scope = NewDisposeScope(); // a device calls back on a thread of its own, where there is none
            var gradients = Backward(ctx, [.. grad_outputs.Select(gradient => gradient.IsInvalid ? null : gradient)]);
            scope.MoveToOuter(gradients.OfType<Tensor>());
            ctx.save_data(Results, gradients); // native code reads them after this has returned
            return [.. gradients.Select(gradient => gradient!)];
        }
        catch (Exception e)
        {
            BackwardPass.Remember(e);
            return [.. new Tensor[(int)ctx.get_data(Arguments)]];
        }
    }

    /// <summary>Computes the outputs; nothing is recorded for gradients meanwhile.</summary>
    protected abstract List<Tensor> Forward(autograd.AutogradContext context, IReadOnlyList<object> arguments);

    /// <summary>Computes a gradient for each argument, null where there is none.</summary>
    /// <param name="gradients">Of the outputs; null where one was not used.</param>
    protected abstract IReadOnlyList<Tensor?> Backward(autograd.AutogradContext context, IReadOnlyList<Tensor?> gradients);
}
