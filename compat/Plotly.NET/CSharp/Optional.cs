namespace Plotly.NET.CSharp;

public readonly record struct Optional<T>(T Value, bool IsSome)
{
    public static implicit operator Optional<T>(T Value) => new(Value, true);

    internal T Or(T otherwise) => IsSome ? Value : otherwise;
}
