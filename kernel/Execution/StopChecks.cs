using System.ComponentModel;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>What the code of cells calls in every function and at every turn of a loop.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class StopCheck
{
    private static int stopping;

    /// <summary>Ends the caller where its cell was told to stop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pass()
    {
        if (stopping > 0)
            Ask();
    }

    /// <summary>A cell was told to stop, or (with -1) has done so.</summary>
    internal static void Count(int change) => Interlocked.Add(ref stopping, change);

    // Apart, so that what runs at every turn stays small.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Ask() => CellContext.Current?.ThrowIfStopped();
}

/// <summary>Writes the calls of <see cref="StopCheck"/> into a cell, without moving a line.</summary>
internal sealed class StopChecks(SemanticModel model) : CSharpSyntaxRewriter
{
    private static readonly StatementSyntax Check = SyntaxFactory.ParseStatement($"global::{typeof(StopCheck)}.Pass();");

    /// <summary>The same compilation with the checks in its one tree.</summary>
    public static CSharpCompilation Into(CSharpCompilation plain)
    {
        var tree = plain.SyntaxTrees[0];
        var root = new StopChecks(plain.GetSemanticModel(tree)).Visit(tree.GetRoot());
        return plain.ReplaceSyntaxTree(tree, tree.WithRootAndOptions(root, tree.Options));
    }

    public override SyntaxNode? VisitWhileStatement(WhileStatementSyntax node) =>
        base.VisitWhileStatement(node) is WhileStatementSyntax loop ? loop.WithStatement(Checked(loop.Statement)) : null;

    public override SyntaxNode? VisitDoStatement(DoStatementSyntax node) =>
        base.VisitDoStatement(node) is DoStatementSyntax loop ? loop.WithStatement(Checked(loop.Statement)) : null;

    public override SyntaxNode? VisitForStatement(ForStatementSyntax node) =>
        base.VisitForStatement(node) is ForStatementSyntax loop ? loop.WithStatement(Checked(loop.Statement)) : null;

    public override SyntaxNode? VisitForEachStatement(ForEachStatementSyntax node) =>
        base.VisitForEachStatement(node) is ForEachStatementSyntax loop ? loop.WithStatement(Checked(loop.Statement)) : null;

    public override SyntaxNode? VisitForEachVariableStatement(ForEachVariableStatementSyntax node) =>
        base.VisitForEachVariableStatement(node) is ForEachVariableStatementSyntax loop
            ? loop.WithStatement(Checked(loop.Statement)) : null;

    public override SyntaxNode? VisitMethodDeclaration(MethodDeclarationSyntax node)
    {
        var method = (MethodDeclarationSyntax)base.VisitMethodDeclaration(node)!;
        return method.Body is { } body ? method.WithBody(Checked(body))
            : Body(model.GetDeclaredSymbol(node), method.ExpressionBody?.Expression) is { } block
                ? method.WithExpressionBody(null).WithSemicolonToken(default)
                    .WithBody(InPlaceOf(method.ExpressionBody!, method.SemicolonToken, block))
            : method;
    }

    public override SyntaxNode? VisitLocalFunctionStatement(LocalFunctionStatementSyntax node)
    {
        var function = (LocalFunctionStatementSyntax)base.VisitLocalFunctionStatement(node)!;
        return function.Body is { } body ? function.WithBody(Checked(body))
            : Body(model.GetDeclaredSymbol(node) as IMethodSymbol, function.ExpressionBody?.Expression) is { } block
                ? function.WithExpressionBody(null).WithSemicolonToken(default)
                    .WithBody(InPlaceOf(function.ExpressionBody!, function.SemicolonToken, block))
            : function;
    }

    public override SyntaxNode? VisitParenthesizedLambdaExpression(ParenthesizedLambdaExpressionSyntax node) =>
        Checked(node, (LambdaExpressionSyntax)base.VisitParenthesizedLambdaExpression(node)!);

    public override SyntaxNode? VisitSimpleLambdaExpression(SimpleLambdaExpressionSyntax node) =>
        Checked(node, (LambdaExpressionSyntax)base.VisitSimpleLambdaExpression(node)!);

    private LambdaExpressionSyntax Checked(LambdaExpressionSyntax node, LambdaExpressionSyntax lambda) =>
        IsQuoted(node) ? node
        : lambda.Block is { } block ? lambda.WithBlock(Checked(block))
        : Body(model.GetSymbolInfo(node).Symbol as IMethodSymbol, lambda.ExpressionBody) is { } body
            ? lambda.WithExpressionBody(null).WithBlock(body)
        : lambda;

    // Of an expression tree nothing may be changed: others read it.
    private bool IsQuoted(ExpressionSyntax lambda) =>
        model.GetTypeInfo(lambda).ConvertedType is not { TypeKind: TypeKind.Delegate };

    private static StatementSyntax Checked(StatementSyntax body) =>
        body is BlockSyntax block ? Checked(block) : SyntaxFactory.Block(Check, body);

    private static BlockSyntax Checked(BlockSyntax block) => block.WithStatements(block.Statements.Insert(0, Check));

    // With the ends of lines that stand around an arrow and behind a semicolon.
    private static BlockSyntax InPlaceOf(ArrowExpressionClauseSyntax arrow, SyntaxToken semicolon, BlockSyntax block) =>
        block.WithLeadingTrivia(arrow.ArrowToken.GetAllTrivia())
            .WithTrailingTrivia(semicolon.GetAllTrivia());

    // { check; return expression; }, where that says the same.
    private static BlockSyntax? Body(IMethodSymbol? method, ExpressionSyntax? expression)
    {
        if (method is null || expression is null or RefExpressionSyntax or ThrowExpressionSyntax)
            return null;

        var isVoid = method.ReturnsVoid || method is { IsAsync: true, ReturnType: INamedTypeSymbol { Arity: 0 } };
        return SyntaxFactory.Block(Check, isVoid ? SyntaxFactory.ExpressionStatement(expression)
            : SyntaxFactory.ReturnStatement(expression.WithLeadingTrivia(
                expression.GetLeadingTrivia().Insert(0, SyntaxFactory.Space))));
    }
}
