using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Madtp.Kit.Tests.Compat.Listing;

/// <summary>An assembly's public and protected members, one line each, as the API listings in tests/api write them.</summary>
internal static class ListingLines
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<(string Line, MemberInfo Member)> Of(Assembly assembly)
        => assembly.GetTypes().Where(IsVisible).SelectMany(Of).OrderBy(line => line.Line, StringComparer.Ordinal);

    /// <summary>A method's line, declared wherever it is.</summary>
    public static string OfMethod(MethodBase method)
    {
        var generics = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(TypeNames.Of))}>" : string.Empty;
        var constructor = method is ConstructorInfo;
        var name = constructor ? "ctor" : method.Name;
        var extension = method.IsDefined(typeof(ExtensionAttribute));
        var kind = constructor ? "CTOR" : extension ? "EXTMETHOD" : IsOperator(method) ? "OPERATOR" : "METHOD";
        var head = $"{TypeNames.Of(method.DeclaringType!)}.{name}{generics}({Parameters(method)})  {kind} {Modifiers(method)}";
        var returns = method is MethodInfo { ReturnParameter: var result } ? $" -> {TypeNames.Of(result.ParameterType)}{TypeNames.TupleNames(result)}" : string.Empty;
        return head + returns + Constraints(method.IsGenericMethod ? method.GetGenericArguments() : []) + Obsolete(method);
    }

    private static IEnumerable<(string Line, MemberInfo Member)> Of(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            var invoke = type.GetMethod("Invoke")!;
            var returns = TypeNames.Of(invoke.ReturnType) + TypeNames.TupleNames(invoke.ReturnParameter);
            return [(OfType(type), type), ($"{TypeNames.Of(type)}  DELEGATE ({Parameters(invoke)}) -> {returns}", type)];
        }

        var members = type.GetMembers(Declared).Where(IsListed).Select(member => (OfMember(member), member));
        return members.Prepend((OfType(type), type));
    }

    private static bool IsVisible(Type type)
        => (type.IsPublic || type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem)
            && (type.DeclaringType is null || IsVisible(type.DeclaringType));

    private static bool IsListed(MemberInfo member) => member switch
    {
        FieldInfo field => Visibility(field.IsPublic, field.IsFamily || field.IsFamilyOrAssembly) is not null && !field.IsSpecialName,
        PropertyInfo property => property.GetAccessors(true).Any(accessor => Visibility(accessor) is not null),
        EventInfo happening => Visibility(happening.AddMethod!) is not null,
        MethodBase method => Visibility(method) is not null && (method.IsConstructor ? !method.IsStatic : !method.IsSpecialName || IsOperator(method)),
        _ => false,
    };

    private static string OfMember(MemberInfo member) => member switch
    {
        FieldInfo field => OfField(field),
        PropertyInfo property => OfProperty(property),
        EventInfo happening => $"{Owner(member)}.{member.Name}  EVENT {Modifiers(happening.AddMethod!)} -> {TypeNames.Of(happening.EventHandlerType!)}",
        _ => OfMethod((MethodBase)member),
    };

    private static string OfType(Type type)
    {
        var visibility = type.IsPublic || type.IsNestedPublic ? "public" : "protected";
        var bases = type.IsEnum ? [TypeNames.Of(Enum.GetUnderlyingType(type))] : Bases(type).ToArray();
        var generics = type.GetGenericArguments()[(type.DeclaringType?.GetGenericArguments().Length ?? 0)..];
        return $"{TypeNames.Of(type)}  TYPE {visibility} {Kind(type)}{(bases.Length > 0 ? " : " + string.Join(", ", bases) : string.Empty)}{Constraints(generics)}{Obsolete(type)}";
    }

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsValueType: true } => "struct",
        { IsInterface: true } => "interface",
        _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    // The base class, then the interfaces that it and the others do not already bring.
    private static IEnumerable<string> Bases(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return [];
        }

        var interfaces = type.GetInterfaces().Where(IsPublic).ToList();
        var implied = interfaces.SelectMany(other => other.GetInterfaces()).Concat(type.BaseType?.GetInterfaces() ?? []).ToHashSet();
        var own = interfaces.Where(other => !implied.Contains(other)).Select(TypeNames.Of).Order(StringComparer.Ordinal);
        return type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) ? own.Prepend(TypeNames.Of(parent)) : own;
    }

    private static bool IsPublic(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition().IsVisible : type.IsVisible;

    private static string OfField(FieldInfo field)
    {
        if (field.DeclaringType!.IsEnum)
        {
            return $"{Owner(field)}.{field.Name}  ENUMVALUE {Convert.ToString(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}";
        }

        var modifiers = (field.IsPublic ? "public" : "protected")
            + (field.IsLiteral ? " const" : field.IsStatic ? " static" : string.Empty)
            + (field.IsInitOnly ? " readonly" : string.Empty);
        var value = field.IsLiteral ? " = " + Literal(field.GetRawConstantValue(), field.FieldType) : string.Empty;
        return $"{Owner(field)}.{field.Name}  FIELD {modifiers} -> {TypeNames.Of(field.FieldType)}{TypeNames.TupleNames(field)}{value}{Obsolete(field)}";
    }

    private static string OfProperty(PropertyInfo property)
    {
        var accessors = new[] { (Name: "get", Method: property.GetMethod), (Name: SetterName(property), Method: property.SetMethod) }
            .Where(accessor => accessor.Method is not null && Visibility(accessor.Method) is not null)
            .Select(accessor => (Visibility(accessor.Method!) == "protected" ? "protected " : string.Empty) + accessor.Name + ";")
            .ToList();
        var widest = property.GetAccessors(true).OrderBy(accessor => accessor.IsPublic ? 0 : 1).First(accessor => Visibility(accessor) is not null);
        var indices = property.GetIndexParameters();
        var name = indices.Length > 0 ? $"this[{string.Join(", ", indices.Select(Parameter))}]" : property.Name;
        return $"{Owner(property)}.{name}  PROPERTY {Modifiers(widest)} {{ {string.Join(" ", accessors)} }} -> {TypeNames.Of(property.PropertyType)}{TypeNames.TupleNames(property)}{Obsolete(property)}";
    }

    private static string SetterName(PropertyInfo property)
        => property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true ? "init" : "set";

    private static string Owner(MemberInfo member) => TypeNames.Of(member.DeclaringType!);

    private static bool IsOperator(MethodBase method)
        => method.IsSpecialName && method.IsStatic && method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static string? Visibility(MethodBase method) => Visibility(method.IsPublic, method.IsFamily || method.IsFamilyOrAssembly);

    private static string? Visibility(bool isPublic, bool isProtected) => isPublic ? "public" : isProtected ? "protected" : null;

    private static string Modifiers(MethodBase method)
    {
        var visibility = Visibility(method)!;
        if (method.IsStatic)
        {
            return visibility + " static";
        }

        if (method.IsAbstract)
        {
            return visibility + (IsOverride(method) ? " override" : " abstract");
        }

        return visibility + (IsOverride(method) ? " override" : method is { IsVirtual: true, IsFinal: false } ? " virtual" : string.Empty);
    }

    private static bool IsOverride(MethodBase method) => method is MethodInfo { IsVirtual: true } found && (found.Attributes & MethodAttributes.NewSlot) == 0;

    private static string Parameters(MethodBase method)
    {
        var parameters = string.Join(", ", method.GetParameters().Select(Parameter));
        return method.IsDefined(typeof(ExtensionAttribute)) ? "this " + parameters : parameters;
    }

    private static string Parameter(ParameterInfo parameter)
    {
        var direction = !parameter.ParameterType.IsByRef ? string.Empty
            : parameter.IsOut ? "out "
            : parameter.IsIn ? "in "
            : "ref ";
        var many = parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : string.Empty;
        var value = parameter.HasDefaultValue ? " = " + Literal(parameter.RawDefaultValue, parameter.ParameterType) : string.Empty;
        return $"{many}{direction}{TypeNames.Of(parameter.ParameterType)}{TypeNames.TupleNames(parameter)} {parameter.Name}{value}";
    }

    private static string Literal(object? value, Type type)
    {
        if (value is null)
        {
            return type.IsValueType && Nullable.GetUnderlyingType(type) is null ? "default" : "null";
        }

        var bare = Nullable.GetUnderlyingType(type) ?? type;
        return value switch
        {
            _ when bare.IsEnum => Enum.ToObject(bare, value).ToString()!,
            bool flag => flag ? "true" : "false",
            string text => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal) + "\"",
            char letter => $"'{letter}'",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
    }

    private static string Constraints(Type[] parameters)
    {
        var clauses = parameters.Select(parameter => (parameter.Name, Bounds: Bounds(parameter).ToList())).Where(clause => clause.Bounds.Count > 0);
        return string.Concat(clauses.Select(clause => $" where {clause.Name} : {string.Join(", ", clause.Bounds)}"));
    }

    private static IEnumerable<string> Bounds(Type parameter)
    {
        var attributes = parameter.GenericParameterAttributes;
        var isStruct = attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        if (isStruct)
        {
            yield return parameter.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "IsUnmanagedAttribute") ? "unmanaged" : "struct";
        }
        else if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            yield return "class";
        }

        foreach (var bound in parameter.GetGenericParameterConstraints().Where(bound => bound != typeof(ValueType)))
        {
            yield return TypeNames.Of(bound);
        }

        if (!isStruct && attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint))
        {
            yield return "new()";
        }
    }

    private static string Obsolete(MemberInfo member)
        => member.GetCustomAttribute<ObsoleteAttribute>() is { } obsolete ? obsolete.IsError ? " [Obsolete error]" : " [Obsolete]" : string.Empty;
}
