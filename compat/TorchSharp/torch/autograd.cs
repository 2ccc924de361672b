using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        public static void backward(
            Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
            => backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static unsafe void backward(
            IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            nint[] from = Handles(tensors), with = Handles(grad_tensors), into = Handles(inputs);
            fixed (nint* fromHandles = from, withHandles = with, intoHandles = into)
            {
                Kit.Check(Kit.Backward(
                    fromHandles, from.Length, withHandles, with.Length, retain_graph ?? create_graph ? 1 : 0, create_graph ? 1 : 0, intoHandles, into.Length));
            }

            GC.KeepAlive(tensors);
            GC.KeepAlive(grad_tensors);
            GC.KeepAlive(inputs);
        }

        /// <summary>Gradients of <paramref name="outputs"/> with respect to <paramref name="inputs"/>; null where unused.</summary>
        public static unsafe IList<Tensor> grad(
            IList<Tensor> outputs,
            IList<Tensor> inputs,
            IList<Tensor>? grad_outputs = null,
            bool retain_graph = false,
            bool create_graph = false,
            bool allow_unused = false)
        {
            nint[] from = Handles(outputs), to = Handles(inputs), with = Handles(grad_outputs);
            var found = new nint[to.Length];
            fixed (nint* fromHandles = from, toHandles = to, withHandles = with, results = found)
            {
                Kit.Check(Kit.Gradients(
                    fromHandles,
                    from.Length,
                    toHandles,
                    to.Length,
                    withHandles,
                    with.Length,
                    retain_graph || create_graph ? 1 : 0,
                    create_graph ? 1 : 0,
                    allow_unused ? 1 : 0,
                    results));
            }

            GC.KeepAlive(outputs);
            GC.KeepAlive(inputs);
            GC.KeepAlive(grad_outputs);
            return Array.ConvertAll(found, handle => handle == 0 ? null! : new Tensor(handle));
        }

        private static nint[] Handles(IList<Tensor>? tensors)
        {
            if (tensors is null)
            {
                return [];
            }

            var handles = new nint[tensors.Count];
            for (var i = 0; i < handles.Length; i++)
            {
                handles[i] = tensors[i] is null ? 0 : tensors[i].Handle;
            }

            return handles;
        }
    }
}
