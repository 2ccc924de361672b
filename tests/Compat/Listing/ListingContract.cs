using System.Reflection;
using Xunit;

namespace Madtp.Kit.Tests.Compat.Listing;

/// <summary>
/// Holds a stand-in to the package it stands in for. tests/api/PACKAGE.txt has the lines of the package's API listing that
/// the stand-in covers; every public or protected member of the stand-in must be one of them, each of them must have its
/// member, and each must be in the whole listing where that is at hand (shared/api).
/// With KIT_UPDATE_API=1 the files are rewritten from the whole listings instead.
/// </summary>
internal static class ListingContract
{
    /// <summary>Checks <paramref name="assembly"/> against the listings named <paramref name="packages"/>, each <c>Name-version</c>.</summary>
    public static void Verify(Assembly assembly, params string[] packages) => VerifyPart(assembly, _ => true, packages);

    /// <summary>As <see cref="Verify"/>, for an assembly that stands in with some of its members only: those whose line is chosen.</summary>
    public static void VerifyPart(Assembly assembly, Func<string, bool> chosen, params string[] packages)
    {
        var members = ListingLines.Of(assembly).Where(member => chosen(member.Line)).ToList();
        if (Environment.GetEnvironmentVariable("KIT_UPDATE_API") == "1")
        {
            foreach (var package in packages)
            {
                Update(package, members);
            }
        }

        var used = packages.SelectMany(package => Lines(UsedFile(package))).ToHashSet();
        var strangers = members.Where(member => Find(member, used) is null).Select(member => member.Line).ToList();
        Assert.True(strangers.Count == 0, $"{assembly.GetName().Name} has members that tests/api does not list (KIT_UPDATE_API=1 adds those of the package):\n{string.Join("\n", strangers)}");

        var covered = members.Select(member => Find(member, used)).ToHashSet();
        var stale = used.Where(line => !covered.Contains(line)).ToList();
        Assert.True(stale.Count == 0, $"tests/api lists members that {assembly.GetName().Name} does not have:\n{string.Join("\n", stale)}");
    }

    /// <summary>Checks that tests/api's lines are lines of the packages' whole listings.</summary>
    public static void VerifyAgainstWholeListings(params string[] packages)
    {
        foreach (var package in packages)
        {
            var whole = Lines(KitPaths.Shared("api", package + ".txt")).ToHashSet();
            var invented = Lines(UsedFile(package)).Where(line => !whole.Contains(line)).ToList();
            Assert.True(invented.Count == 0, $"tests/api/{package}.txt has lines that the package's listing does not:\n{string.Join("\n", invented)}");
        }
    }

    private static void Update(string package, List<(string Line, MemberInfo Member)> members)
    {
        var whole = Lines(KitPaths.Shared("api", package + ".txt")).ToHashSet();
        var used = members.Select(member => Find(member, whole)).OfType<string>().Distinct().Order(StringComparer.Ordinal);
        File.WriteAllLines(UsedFile(package), used.Prepend($"# The members of {package} that compat/ stands in for: lines of its API listing."));
    }

    private static string UsedFile(string package) => KitPaths.InRepository("tests", "api", package + ".txt");

    private static IEnumerable<string> Lines(string file)
        => File.Exists(file) ? File.ReadLines(file).Where(line => line.Length > 0 && line[0] != '#') : [];

    // The listed line that covers a member: its own; for a type, one with more bases; for an override, that of what it
    // overrides, since a caller sees no difference.
    private static string? Find((string Line, MemberInfo Member) member, HashSet<string> listed)
    {
        if (listed.TryGetValue(member.Line, out var own))
        {
            return own;
        }

        return member.Member switch
        {
            Type => listed.FirstOrDefault(line => HasAllBases(line, member.Line)),
            MethodInfo method => Overridden(method).Select(ListingLines.OfMethod).FirstOrDefault(listed.Contains),
            _ => null,
        };
    }

    private static bool HasAllBases(string listed, string own)
    {
        var (ownHead, ownBases, ownRest) = SplitType(own);
        var (head, bases, rest) = SplitType(listed);
        return head == ownHead && rest == ownRest && ownBases.All(bases.Contains);
    }

    private static (string Head, string[] Bases, string Tail) SplitType(string line)
    {
        var where = line.IndexOf(" where ", StringComparison.Ordinal) is >= 0 and var at ? at : line.IndexOf(" [Obsolete", StringComparison.Ordinal);
        var (declaration, rest) = where < 0 ? (line, string.Empty) : (line[..where], line[where..]);
        var colon = declaration.IndexOf(" : ", StringComparison.Ordinal);
        return colon < 0 ? (declaration, [], rest) : (declaration[..colon], SplitOutsideBrackets(declaration[(colon + 3)..]), rest);
    }

    private static string[] SplitOutsideBrackets(string list)
    {
        var parts = new List<string>();
        int depth = 0, start = 0;
        for (var i = 0; i < list.Length; i++)
        {
            depth += list[i] is '<' or '(' ? 1 : list[i] is '>' or ')' ? -1 : 0;
            if (list[i] == ',' && depth == 0)
            {
                parts.Add(list[start..i].Trim());
                start = i + 1;
            }
        }

        return [.. parts, list[start..].Trim()];
    }

    private static IEnumerable<MethodInfo> Overridden(MethodInfo method)
    {
        if (method.GetBaseDefinition() == method)
        {
            yield break;
        }

        var types = method.GetParameters().Select(parameter => parameter.ParameterType).ToArray();
        for (var parent = method.DeclaringType!.BaseType; parent is not null && parent != typeof(object); parent = parent.BaseType)
        {
            var open = parent.IsGenericType ? parent.GetGenericTypeDefinition() : parent;
            if (open.GetMethod(method.Name, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly, types) is { } found)
            {
                yield return found;
            }
        }
    }
}
