using Madtp.Kit.Kernel.Execution;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Madtp.Kit.Kernel.Language;

/// <summary>Completes names by asking the compiler what is in scope.</summary>
internal sealed class Completer(ScriptSession session)
{
    private static readonly string[] Keywords =
    [
        .. SyntaxFacts.GetReservedKeywordKinds().Select(SyntaxFacts.GetText)
            .Where(word => !word.StartsWith("__", StringComparison.Ordinal)),
        "async", "await", "var", "record", "when", "where", "yield", "get", "set", "init", "nameof", "dynamic", "with", "global",
            "required", "not", "and", "or",
    ];

    public Completion At(string code, int position)
    {
        if (DirectiveCompleter.At(code, position) is { } directive)
            return directive;

        var start = position;
        while (start > 0 && (char.IsLetterOrDigit(code[start - 1]) || code[start - 1] == '_'))
            start--;

        var typed = code[start..position];
        var tree = CSharpSyntaxTree.ParseText(code, CellSource.ParseOptions);
        var token = tree.GetRoot().FindToken(Math.Max(0, start - 1));
        if (IsText(token, start) || tree.GetRoot().FindTrivia(Math.Max(0, start - 1))
            .Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia)
        {
            return new Completion(position, position, []);
        }

        var compilation = session.Ask(tree);
        var model = compilation.GetSemanticModel(tree);
        var (symbols, dotted) = Symbols(model, token, start);
        var items = symbols.Where(symbol => symbol.CanBeReferencedByName && symbol.Name.Length > 0 && IsMeantToBeSeen(symbol))
            .Select(symbol => (Escaped(symbol.Name), Kind(symbol)));
        if (!dotted)
            items = items.Concat(Keywords.Select(word => (word, "keyword")));

        return new Completion(start, position, [.. items.Where(item => Matches(item.Item1, typed)).DistinctBy(item => item.Item1)
            .OrderBy(item => !item.Item1.StartsWith(typed, StringComparison.Ordinal))
                .ThenBy(item => item.Item1, StringComparer.OrdinalIgnoreCase)]);
    }

    private static bool Matches(string name, string typed) => name.StartsWith(typed, StringComparison.OrdinalIgnoreCase);

    private static bool IsText(SyntaxToken token, int start) =>
        token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken
            or SyntaxKind.InterpolatedStringTextToken or SyntaxKind.MultiLineRawStringLiteralToken
            or SyntaxKind.SingleLineRawStringLiteralToken
        && token.SpanStart < start && (start < token.Span.End || token.ContainsDiagnostics);

    private static (IEnumerable<ISymbol> Symbols, bool Dotted) Symbols(SemanticModel model, SyntaxToken token, int position)
    {
        var left = token.Parent switch
        {
            MemberAccessExpressionSyntax access when token == access.OperatorToken => access.Expression,
            QualifiedNameSyntax name when token == name.DotToken => name.Left,
            MemberBindingExpressionSyntax { Parent.Parent: ConditionalAccessExpressionSyntax conditional } =>
                conditional.Expression,
            MemberBindingExpressionSyntax { Parent: ConditionalAccessExpressionSyntax conditional } => conditional.Expression,
            AliasQualifiedNameSyntax alias => alias.Alias,
            _ => (SyntaxNode?)null,
        };
        if (left is null)
        {
            var within = token.Parent?.AncestorsAndSelf().OfType<InitializerExpressionSyntax>().FirstOrDefault();
            return (Initialized(model, within, position) ?? model.LookupSymbols(position), false);
        }

        return (Members(model, left, position), true);
    }

    private static IEnumerable<ISymbol> Members(SemanticModel model, SyntaxNode left, int position)
    {
        var symbol = model.GetSymbolInfo(left).Symbol
            ?? (left is ExpressionSyntax written
            ? model.GetSpeculativeSymbolInfo(position, written, SpeculativeBindingOption.BindAsTypeOrNamespace).Symbol : null);
        if (symbol is INamespaceSymbol space)
            return model.LookupNamespacesAndTypes(position, space);

        if (symbol is ITypeSymbol named)
            return model.LookupStaticMembers(position, named);

        // A name that is both a property and its type (Color Color) offers the members of the value.
        var type = left is ExpressionSyntax expression ? model.GetTypeInfo(expression).Type : null;
        type = type is null or IErrorTypeSymbol ? TypeOf(symbol) : type;
        return type is null ? [] : model.LookupSymbols(position, type, includeReducedExtensionMethods: true)
            .Where(each => !each.IsStatic || each is IMethodSymbol { ReducedFrom: not null });
    }

    private static ITypeSymbol? TypeOf(ISymbol? symbol) => symbol switch
    {
        ILocalSymbol local => local.Type,
        IFieldSymbol field => field.Type,
        IPropertySymbol property => property.Type,
        IParameterSymbol parameter => parameter.Type,
        IMethodSymbol method => method.ReturnType,
        _ => null,
    };

    // new Point { | } offers what can be set.
    private static IEnumerable<ISymbol>? Initialized(SemanticModel model, InitializerExpressionSyntax? within, int position)
    {
        if (within is not { Parent: BaseObjectCreationExpressionSyntax creation }
            || within.Expressions.Any(
            each => each is AssignmentExpressionSyntax set && set.Right.FullSpan.IntersectsWith(position)
            && !set.Right.IsMissing))
        {
            return null;
        }

        return model.GetTypeInfo(creation).Type is { } type
            && !type.AllInterfaces.Any(each => each.SpecialType == SpecialType.System_Collections_IEnumerable)
            ? model.LookupSymbols(position, type)
                .Where(symbol => !symbol.IsStatic
                && symbol is IFieldSymbol { IsReadOnly: false } or IPropertySymbol { SetMethod: not null })
            : null;
    }

    private static bool IsMeantToBeSeen(ISymbol symbol) =>
        !symbol.GetAttributes()
            .Any(attribute => attribute.AttributeClass?.Name == "EditorBrowsableAttribute"
            && attribute.ConstructorArguments is [{ Value: 1 }]);

    private static string Escaped(string name) => SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None ? name : "@" + name;

    // The kinds front ends have pictures for.
    private static string Kind(ISymbol symbol) => symbol switch
    {
        INamespaceSymbol => "module",
        ITypeSymbol => "class",
        IMethodSymbol => "function",
        IPropertySymbol => "property",
        _ => "instance",
    };
}

/// <summary>What may stand at a place in a cell.</summary>
/// <param name="Start">Where the text to replace begins, in UTF-16 units.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Items">The texts to choose from, with what each is.</param>
internal sealed record Completion(int Start, int End, IReadOnlyList<(string Text, string Kind)> Items);
