using TorchSharp.Interop;

namespace TorchSharp.Modules;

/// <summary>A tensor that a module learns. It shares the memory of the tensor it is made from and takes its place in the scope.</summary>
public class Parameter : torch.Tensor
{
    public Parameter(torch.Tensor data, bool requires_grad = true)
        : base(Leaf(data))
    {
        if (!ReferenceEquals(OwningDisposeScope, data.OwningDisposeScope))
        {
            MoveToOtherDisposeScope(data.OwningDisposeScope);
        }

        this.requires_grad = requires_grad;
    }

    private static nint Leaf(torch.Tensor data)
    {
        if (data.is_leaf)
        {
            return Kit.Check(Kit.Share(data.Handle));
        }

        using var detached = data.detach();
        return Kit.Check(Kit.Share(detached.Handle));
    }
}
