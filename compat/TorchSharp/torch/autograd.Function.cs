using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>A step of the graph whose forward and backward are written in C#.</summary>
        public abstract class Function<T>
            where T : Function<T>, new()
        {
            protected Function()
            {
            }

            public abstract string Name { get; }

            /// <summary>Runs forward unrecorded, then joins its outputs to those of its arguments that are tensors.</summary>
            public static List<Tensor> apply_internal(params object[] vars)
            {
                var function = new T();
                var context = new AutogradContext();
                List<Tensor> outputs;
                using (no_grad())
                {
                    outputs = function.RunForward(context, vars);
                }

                var inputs = Array.ConvertAll(vars, argument => argument as Tensor);
                if (is_grad_enabled() && inputs.Any(input => input?.requires_grad == true))
                {
                    ManagedNodes.Join(inputs, outputs, context, gradients => function.RunBackward(context, gradients));
                }

                return outputs;
            }

            internal abstract List<Tensor> RunForward(AutogradContext context, object[] arguments);

            internal abstract List<Tensor> RunBackward(AutogradContext context, List<Tensor> gradients);
        }

        public abstract class SingleTensorFunction<T> : Function<T>
            where T : SingleTensorFunction<T>, new()
        {
            protected SingleTensorFunction()
            {
            }

            public static Tensor apply(params object[] vars) => apply_internal(vars)[0];

            public abstract Tensor forward(AutogradContext ctx, params object[] vars);

            /// <summary>One gradient for each of forward's arguments, null where there is none.</summary>
            public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);

            internal sealed override List<Tensor> RunForward(AutogradContext context, object[] arguments) => [forward(context, arguments)];

            internal sealed override List<Tensor> RunBackward(AutogradContext context, List<Tensor> gradients) => backward(context, gradients[0]);
        }

        public abstract class MultiTensorFunction<T> : Function<T>
            where T : MultiTensorFunction<T>, new()
        {
            protected MultiTensorFunction()
            {
            }

            public static List<Tensor> apply(params object[] vars) => apply_internal(vars);

            public abstract List<Tensor> forward(AutogradContext ctx, params object[] vars);

            /// <summary>One gradient for each of forward's arguments, null where there is none.</summary>
            public abstract List<Tensor> backward(AutogradContext ctx, List<Tensor> grad_outputs);

            internal sealed override List<Tensor> RunForward(AutogradContext context, object[] arguments) => forward(context, arguments);

            internal sealed override List<Tensor> RunBackward(AutogradContext context, List<Tensor> gradients) => backward(context, gradients);
        }

        /// <summary>What forward leaves for backward.</summary>
        public class AutogradContext : IDisposable
        {
            private readonly Dictionary<string, object> data = [];
            private List<Tensor> saved = [];

            internal AutogradContext()
            {
            }

            public void save_for_backward(List<Tensor> tensors)
                => saved = tensors.ConvertAll(tensor => tensor.alias().DetachFromDisposeScope());

            public List<Tensor> get_saved_variables() => saved;

            public void save_data(string key, object value) => data[key] = value;

            public object get_data(string key) => data[key];

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
                if (disposing)
                {
                    saved.ForEach(tensor => tensor.Dispose());
                    saved = [];
                }
            }
        }

        /// <summary>The graph's nodes that are managed, by the number native code knows them by, until it lets go of them.</summary>
        private static unsafe class ManagedNodes
        {
            private static readonly ConcurrentDictionary<long, (AutogradContext Context, Func<List<Tensor>, List<Tensor>> Backward)> Alive = new();

            private static long last;

            public static void Join(
                Tensor?[] inputs, List<Tensor> outputs, AutogradContext context, Func<List<Tensor>, List<Tensor>> backward)
            {
                var id = Interlocked.Increment(ref last);
                Alive[id] = (context, backward);
                nint[] from = Handles(inputs!), to = Handles(outputs);
                fixed (nint* fromHandles = from, toHandles = to)
                {
                    Kit.Check(Kit.Join(id, fromHandles, from.Length, toHandles, to.Length, &Backward, &Release));
                }

                GC.KeepAlive(inputs);
                GC.KeepAlive(outputs);
            }

            [UnmanagedCallersOnly]
            private static int Backward(long id, nint* gradients, int count, nint* results, int capacity)
            {
                try
                {
                    using var scope = NewDisposeScope();
                    var given = new List<Tensor>();
                    for (var i = 0; i < count; i++)
                    {
                        given.Add(gradients[i] == 0 ? null! : new Tensor(gradients[i]));
                    }

                    var found = Alive[id].Backward(given);
                    for (var i = 0; i < Math.Min(found.Count, capacity); i++)
                    {
                        results[i] = found[i] is null ? 0 : Kit.Share(found[i].Handle);
                    }

                    return 0;
                }
                catch (Exception error)
                {
                    // Thrown again where the managed caller of backward can see it.
                    Kit.Pending = error;
                    return -1;
                }
            }

            [UnmanagedCallersOnly]
            private static void Release(long id)
            {
                if (Alive.TryRemove(id, out var node))
                {
                    node.Context.Dispose();
                }
            }
        }
    }
}
