namespace TorchSharp;

/// <summary>The open scopes of each thread, innermost last.</summary>
internal static class DisposeScopeManager
{
    [ThreadStatic]
    private static List<DisposeScope>? open;

    internal static DisposeScope? Current => open is { Count: > 0 } scopes ? scopes[^1] : null;

    internal static DisposeScope Open()
    {
        open ??= [];
        var scope = new DisposeScope(Current);
        open.Add(scope);
        return scope;
    }

    internal static void Close(DisposeScope scope) => open?.Remove(scope);

    internal static DisposeScope? Register(torch.Tensor tensor)
    {
        var scope = Current;
        scope?.Add(tensor);
        return scope;
    }
}
