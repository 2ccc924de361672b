using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Xunit;

namespace Madtp.Kit.Tests;

/// <summary>What a reader of the sources may count on.</summary>
public class StyleTests
{
    private const int Most = 130; // characters, which an editor on a laptop shows whole

    [Fact]
    public void A_line_fits_a_laptops_editor()
    {
        var longer =
            from root in new[] { "src", "cli", "kernel" }
            from path in Directory.EnumerateFiles(KitPaths.InRepository(root), "*.cs", SearchOption.AllDirectories)
            from line in File.ReadLines(path).Index()
            where line.Item.Length > Most
            select $"{Path.GetRelativePath(KitPaths.Root, path)}:{line.Index + 1}";
        Assert.Equal([], longer);
    }

    // Types and methods; a property, an enum's member, an override and what an interface asks for may be plain from their names.
    [Fact]
    public void Whatever_is_public_is_documented()
    {
        var assembly = typeof(KitFolder).Assembly;
        var told = XDocument.Load(Path.ChangeExtension(assembly.Location, "xml")).Descendants("member")
            .Select(member => member.Attribute("name")!.Value.Split('(')[0].Split("``")[0]).ToHashSet();
        var types = assembly.GetExportedTypes().Where(type => !typeof(Delegate).IsAssignableFrom(type)).ToArray();
        var lacking =
            from type in types
            let name = type.FullName!.Replace('+', '.')
            from member in Methods(type).Select(method => $"M:{name}.{method}").Prepend($"T:{name}")
            where !told.Contains(member)
            select member;
        Assert.Equal([], lacking);
    }

    private static IEnumerable<string> Methods(Type type)
    {
        const BindingFlags own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var asked = type.IsInterface ? [] : type.GetInterfaces().SelectMany(one => one.GetMembers()).Select(one => one.Name).ToHashSet();
        return type.IsEnum ? [] : type.GetMethods(own)
            .Where(method => !method.IsSpecialName && method.GetBaseDefinition() == method && !asked.Contains(method.Name)
                && !method.IsDefined(typeof(CompilerGeneratedAttribute)) && !method.IsDefined(typeof(PreserveBaseOverridesAttribute)))
            .Select(method => method.Name).Distinct();
    }
}
