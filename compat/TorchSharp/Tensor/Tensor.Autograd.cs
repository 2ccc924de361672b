using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public bool requires_grad
        {
            get => Kit.RequiresGrad(Handle) != 0;
            set => Kit.Check(Kit.SetRequiresGrad(Handle, value ? 1 : 0));
        }

        /// <summary>What backward has accumulated here, or null.</summary>
        public Tensor? grad
        {
            get
            {
                var gradient = Kit.Grad(Handle);
                return gradient != 0 ? new Tensor(gradient) : null;
            }

            set
            {
                Kit.Check(Kit.SetGrad(Handle, value is null ? 0 : value.Handle));
                GC.KeepAlive(value);
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true)
        {
            var shared = new Tensor(Kit.Check(Kit.Share(Handle)));
            shared.requires_grad = requires_grad;
            return shared;
        }

        public void retain_grad() => Kit.Check(Kit.RetainGrad(Handle));

        public void backward() => autograd.backward(this);

        public void backward(
            IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null)
            => autograd.backward(this, grad_tensors, retain_graph, create_graph, inputs);
    }
}
