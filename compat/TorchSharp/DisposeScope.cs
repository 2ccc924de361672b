namespace TorchSharp;

/// <summary>
/// Owns what is made on this thread until it is disposed: tensors join the innermost scope when they are made, and leave
/// with it unless moved outward or detached.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    private HashSet<IDisposable> owned = new(ReferenceEqualityComparer.Instance);

    internal DisposeScope(DisposeScope? outer)
    {
        Outer = outer;
    }

    public int DisposablesCount => owned.Count;

    internal DisposeScope? Outer { get; }

    public bool Contains(IDisposable disposable) => owned.Contains(disposable);

    public void Attach(IDisposable disposable)
    {
        if (disposable is torch.Tensor tensor)
        {
            if (tensor.OwningDisposeScope is { } scope && scope != this)
            {
                scope.owned.Remove(tensor);
            }

            tensor.OwningDisposeScope = this;
        }

        owned.Add(disposable);
    }

    public T Detach<T>(T disposable)
        where T : IDisposable
    {
        Detach((IEnumerable<IDisposable>)[disposable]);
        return disposable;
    }

    public void Detach(IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables)
        {
            MoveOne(null, disposable);
        }
    }

    public T MoveToOuter<T>(T disposable)
        where T : IDisposable
        => MoveToOther(Outer, disposable);

    public T MoveToOther<T>(DisposeScope? scope, T disposable)
        where T : IDisposable
    {
        MoveOne(scope, disposable);
        return disposable;
    }

    public void DisposeEverything() => DisposeEverythingBut();

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        var leaving = owned;
        owned = new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance);
        foreach (var disposable in leaving)
        {
            if (owned.Contains(disposable))
            {
                continue;
            }

            if (disposable is torch.Tensor tensor)
            {
                tensor.OwningDisposeScope = null;
            }

            disposable.Dispose();
        }
    }

    public T DisposeEverythingBut<T>(T keep)
        where T : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[keep]);
        return keep;
    }

    /// <summary>Forgets what was disposed elsewhere.</summary>
    public void MarkAsDisposed(IDisposable disposable)
    {
        owned.Remove(disposable);
        if (disposable is torch.Tensor tensor)
        {
            tensor.OwningDisposeScope = null;
        }
    }

    public void Dispose()
    {
        DisposeEverything();
        DisposeScopeManager.Close(this);
    }

    internal void Add(torch.Tensor tensor) => owned.Add(tensor);

    private void MoveOne(DisposeScope? scope, IDisposable disposable)
    {
        if (!owned.Remove(disposable))
        {
            return;
        }

        if (disposable is torch.Tensor tensor)
        {
            tensor.OwningDisposeScope = scope;
        }

        scope?.owned.Add(disposable);
    }
}
