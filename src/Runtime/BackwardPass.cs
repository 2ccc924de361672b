using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace Madtp.Kit.Runtime;

/// <summary>The backward pass. What a <see cref="GuardedFunction{T}"/> throws in it cannot pass through native code: it is
/// remembered there and thrown here.</summary>
public static class BackwardPass
{
    [ThreadStatic]
    private static int depth;

    [ThreadStatic]
    private static Exception? failure;

    private static Exception? failureElsewhere; // of a device's thread, which no caller owns

    /// <summary>Adds the gradients of a loss to those of its leaves.</summary>
    /// <exception cref="Exception">What a function of the kit threw in its backward pass.</exception>
    public static void Run(Tensor loss) => Run([loss], []);

    /// <summary>Adds the gradients of several tensors to those of their leaves.</summary>
    /// <param name="gradients">Their gradients; none for numbers.</param>
    /// <exception cref="Exception">What a function of the kit threw in its backward pass.</exception>
    public static void Run(IList<Tensor> tensors, IList<Tensor> gradients)
    {
        if (depth == 0)
        {
            Throw(); // of a backward pass that did not come through here
        }

        depth++;
        try
        {
            autograd.backward(tensors, gradients);
        }
        catch (ExternalException) when (failure is not null)
        {
            // a consequence of it
        }
        finally
        {
            depth--;
        }

        Throw();
    }

    internal static void Remember(Exception e)
    {
        if (depth > 0)
            failure ??= e;
        else
            Interlocked.CompareExchange(ref failureElsewhere, e, null);
    }

    /// <summary>Throws what was remembered, once.</summary>
    internal static void Throw()
    {
        var thrown = failure ?? Interlocked.Exchange(ref failureElsewhere, null);
        failure = null;
        if (thrown is not null)
            ExceptionDispatchInfo.Throw(thrown);
    }
}

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
        BackwardPass.Throw(); // if a plain backward() failed before
        ctx.set_materialize_grads(false); // zeros for what is undefined would be made from outputs that may be disposed by then
        ctx.save_data(Arguments, vars.Length);
        return Forward(ctx, vars);
    }

    public sealed override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
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
