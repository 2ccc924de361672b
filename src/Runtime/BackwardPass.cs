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
        {
            failure ??= e;
        }
        else
        {
            Interlocked.CompareExchange(ref failureElsewhere, e, null);
        }
    }

    /// <summary>Throws what was remembered, once.</summary>
    internal static void Throw()
    {
        var thrown = failure ?? Interlocked.Exchange(ref failureElsewhere, null);
        failure = null;
        if (thrown is not null)
        {
            ExceptionDispatchInfo.Throw(thrown);
        }
    }
}
