using Xunit;

namespace Madtp.Kit.Tests.Compat.Listing;

/// <summary>The contract itself: it must read members as the listings write them, and must be able to fail.</summary>
public class ListingContractTests
{
    private const string Here = "Madtp.Kit.Tests.Compat.Listing.ListingContractTests";

    [Fact]
    public void MembersReadAsTheListingsWriteThem()
    {
        var lines = ListingLines.Of(typeof(ListingContractTests).Assembly).Select(line => line.Line).ToHashSet();
        Assert.Contains($"{Here}.Sample<T>  TYPE public abstract class : System.Collections.Generic.IEnumerable<T>, System.IDisposable where T : unmanaged, System.IComparable", lines);
        Assert.Contains($"{Here}.Sample<T>.Pair(in int first, out string[][] second, double third = 1E-05, {Here}.Choice choice = B, string text = null, params (long, long)[] {{x,y}} rest)  METHOD protected static -> (int, string) {{number,name}}", lines);
        Assert.Contains($"{Here}.Sample<T>.Both<T2>(T first, T2 second)  METHOD public virtual -> System.ValueTuple<T, T2> {{one,two}} where T2 : class", lines);
        Assert.Contains($"{Here}.Sample<T>.this[int? index]  PROPERTY public {{ get; protected set; }} -> T", lines);
        Assert.Contains($"{Here}.Sample<T>.ctor(T? value = null)  CTOR protected [Obsolete]", lines);
        Assert.Contains($"{Here}.Choice.B  ENUMVALUE 2", lines);
        Assert.Contains("Madtp.Kit.Tests.Compat.Listing.ListingSampleExtensions.Twice(this int value)  EXTMETHOD public static -> int", lines);
        Assert.Contains($"{Here}.Change  DELEGATE (ref int value) -> void", lines);
    }

    [Fact]
    public void AMemberThatIsNotListedIsNamed()
    {
        var error = Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => ListingContract.Verify(typeof(ListingContractTests).Assembly, "TorchSharp-0.106.0"));
        Assert.Contains($"{Here}.Choice.B  ENUMVALUE 2", error.Message);
    }

#pragma warning disable CA1034, CA1044, CS0067
    public enum Choice
    {
        A = 1,
        B = 2,
    }

    public delegate void Change(ref int value);

    public abstract class Sample<T> : IEnumerable<T>, IDisposable
        where T : unmanaged, IComparable
    {
        [Obsolete("for the test")]
        protected Sample(T? value = null)
        {
            Held = value ?? default;
        }

        private T Held { get; set; }

        public T this[int? index]
        {
            get => Held;
            protected set => Held = value;
        }

        public virtual (T one, T2 two) Both<T2>(T first, T2 second)
            where T2 : class
            => (first, second);

        public abstract IEnumerator<T> GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

        public abstract void Dispose();

        protected static (int number, string name) Pair(
            in int first, out string[][] second, double third = 1e-5, Choice choice = Choice.B, string? text = null, params (long x, long y)[] rest)
        {
            second = [];
            return (first, text ?? $"{third} {choice} {rest.Length}");
        }
    }
#pragma warning restore CA1034, CA1044, CS0067
}

public static class ListingSampleExtensions
{
    public static int Twice(this int value) => 2 * value;
}
