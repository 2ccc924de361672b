using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Madtp.Kit.Kernel.Execution;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Madtp.Kit.Kernel.Language;

/// <summary>Tells what a name in a cell is: its signature and the summary of its documentation.</summary>
internal sealed partial class Inspector(ScriptSession session)
{
    private const int MostOverloads = 12;

    private static readonly SymbolDisplayFormat Signature = SymbolDisplayFormat.MinimallyQualifiedFormat
        .WithKindOptions(
            SymbolDisplayKindOptions.IncludeTypeKeyword | SymbolDisplayKindOptions.IncludeNamespaceKeyword
                | SymbolDisplayKindOptions.IncludeMemberKeyword)
        .AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.UseSpecialTypes);

    private static readonly SymbolDisplayFormat TypeSignature = SymbolDisplayFormat.CSharpErrorMessageFormat
        .WithKindOptions(SymbolDisplayKindOptions.IncludeTypeKeyword)
        .RemoveMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.UseSpecialTypes);

    /// <returns>Null when there is no name at the place, or the compiler does not know it.</returns>
    public string? At(string code, int position)
    {
        var tree = CSharpSyntaxTree.ParseText(code, CellSource.ParseOptions);
        if (NodeAt(tree, position) is not { } node)
            return null;

        var model = session.Ask(tree).GetSemanticModel(tree);
        var symbols = Symbols(model, node);
        return symbols.Count == 0 ? null : Describe(symbols);
    }

    private static SyntaxNode? NodeAt(SyntaxTree tree, int position)
    {
        // The cursor may stand behind the name, or behind the bracket that opens its arguments.
        foreach (var at in new[] { position, position - 1, position - 2 }.Where(at => at >= 0 && at < tree.Length))
        {
            var token = tree.GetRoot().FindToken(at);
            if (token.Span.Contains(at) && token.Parent is { } parent
                && (token.IsKind(SyntaxKind.IdentifierToken) || parent is PredefinedTypeSyntax))
            {
                return parent;
            }
        }

        return null;
    }

    private static List<ISymbol> Symbols(SemanticModel model, SyntaxNode node)
    {
        if (model.GetDeclaredSymbol(node) is { } declared)
            return [declared];

        var info = model.GetSymbolInfo(node);
        List<ISymbol> symbols = info.Symbol is { } symbol ? [symbol] : [.. info.CandidateSymbols];
        if (symbols is [IMethodSymbol { MethodKind: MethodKind.Constructor } constructor])
        {
            return [constructor.ContainingType,
                .. constructor.ContainingType.InstanceConstructors.Where(
                each => each.DeclaredAccessibility == Accessibility.Public)];
        }

        if (symbols.Count == 0)
            symbols = [.. model.GetMemberGroup(node)];

        return symbols.Count == 0 && model.GetTypeInfo(node).Type is { TypeKind: not TypeKind.Error } type ? [type] : symbols;
    }

    private static string Describe(List<ISymbol> symbols)
    {
        var text = new StringBuilder();
        foreach (var symbol in symbols.Take(MostOverloads))
            text.AppendLine(symbol.ToDisplayString(symbol is INamedTypeSymbol ? TypeSignature : Signature));

        if (symbols.Count > MostOverloads)
            text.AppendLine($"… {symbols.Count - MostOverloads} more overloads");

        if (symbols.Select(Summary).FirstOrDefault(summary => summary.Length > 0) is { } found)
            text.AppendLine().AppendLine(found);

        return text.ToString().TrimEnd();
    }

    private static string Summary(ISymbol symbol)
    {
        var original = symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension : symbol;
        var xml = original.OriginalDefinition.GetDocumentationCommentXml();
        if (string.IsNullOrWhiteSpace(xml))
            return "";

        try
        {
            var root = XElement.Parse($"<doc>{xml}</doc>");
            var summary = root.Descendants("summary").FirstOrDefault();
            return summary is null ? "" : Spaces().Replace(Text(summary), " ").Trim();
        }
        catch (XmlException)
        {
            return "";
        }
    }

    // <see cref="T:System.String"/> reads as String.
    private static string Text(XElement element) => string.Concat(element.Nodes().Select(node => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" or "seealso" or "paramref" or "typeparamref" } reference => Referred(reference),
        XElement inner => Text(inner),
        _ => "",
    }));

    private static string Referred(XElement reference)
    {
        if (reference.Value.Length > 0)
            return reference.Value;

        var name = (string?)reference.Attribute("cref") ?? (string?)reference.Attribute("langword")
            ?? (string?)reference.Attribute("name") ?? (string?)reference.Attribute("href") ?? "";
        var plain = name.Length > 2 && name[1] == ':' ? name[2..].Split('(')[0].Split('`')[0] : name;
        return plain[(plain.LastIndexOf('.') + 1)..];
    }

    [GeneratedRegex("""\s+""")]
    private static partial Regex Spaces();
}
