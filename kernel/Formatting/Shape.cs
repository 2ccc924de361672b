using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>What kind of thing a value is, as far as showing it goes.</summary>
internal static class Shape
{
    /// <summary>One word or number: nothing inside it to show.</summary>
    public static bool IsScalar(object? value) => value switch
    {
        null or string or IFormattable or bool or char or Enum or Type or Delegate or Exception or Uri or Version => true,
        Task => true,
        _ when TensorText.Is(value) => true,
        IEnumerable or ITuple => false,
        _ => !IsStructured(value.GetType()),
    };

    /// <summary>A record, an anonymous type, or a class that does not say by ToString how it wants to be written.</summary>
    public static bool IsStructured(Type type) => !OverridesToString(type) || IsRecord(type) || IsAnonymous(type);

    /// <summary>The type writes itself.</summary>
    public static bool WritesItself(Type type) => OverridesToString(type) && !IsRecord(type) && !IsAnonymous(type);

    public static bool IsAnonymous(Type type) =>
        type.Name.StartsWith("<>", StringComparison.Ordinal)
            && type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    /// <summary>The public instance properties and fields, in the order they were declared, base types first.</summary>
    public static IReadOnlyList<Member> MembersOf(Type type)
    {
        const BindingFlags Flags = BindingFlags.Public | BindingFlags.Instance;
        var properties = type.GetProperties(Flags)
            .Where(each => each.GetMethod is { IsPublic: true } && each.GetIndexParameters().Length == 0
                && !each.PropertyType.IsByRefLike)
            .Select(each => (Depth: Depth(each.DeclaringType!), each.MetadataToken,
                Member: new Member(each.Name, each.GetValue)));
        var fields = type.GetFields(Flags)
            .Select(each => (Depth: Depth(each.DeclaringType!), each.MetadataToken,
            Member: new Member(each.Name, each.GetValue)));
        return [.. properties.Concat(fields).OrderBy(each => each.Depth).Select(each => each.Member)
            .DistinctBy(each => each.Name)];
    }

    private static int Depth(Type type) => type.BaseType is { } parent ? 1 + Depth(parent) : 0;

    private static bool IsRecord(Type type) =>
        type.GetMethod("<Clone>$") is not null
        || (type.IsValueType
            && type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic)?.IsDefined(
            typeof(CompilerGeneratedAttribute)) == true);

    private static bool OverridesToString(Type type)
    {
        var owner = type.GetMethod(nameof(ToString), Type.EmptyTypes)?.DeclaringType;
        return owner != typeof(object) && owner != typeof(ValueType);
    }

    /// <summary>A named value inside another.</summary>
    internal sealed record Member(string Name, Func<object, object?> Read)
    {
        /// <summary>The value; where reading it throws, a text that says so.</summary>
        public object? ValueIn(object owner)
        {
            try
            {
                return Read(owner);
            }
            catch (Exception thrown)
            {
                var cause = (thrown as TargetInvocationException)?.InnerException ?? thrown;
                return $"!{cause.GetType().Name}: {cause.Message}";
            }
        }
    }
}
