using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Madtp.Kit.Tests.Runtime;

/// <summary>What TorchSharp leaves unguarded is called in one place each, which guards it.</summary>
public sealed partial class UnguardedCallsTests
{
    // Natives without a handler for C++ exceptions: a wrong argument ends the process.
    private static readonly Dictionary<string, string?> Guards = new()
    {
        ["TorchSharp.torch+Tensor.matmul"] = null,
        ["TorchSharp.torch.matmul"] = null,
        ["TorchSharp.torch+Tensor.cummax"] = null,
        ["TorchSharp.torch.cummax"] = null,
        ["TorchSharp.torch+Tensor.cummin"] = null,
        ["TorchSharp.torch.cummin"] = null,
        ["TorchSharp.torch+autograd.grad"] = null,
        ["TorchSharp.torch.set_num_interop_threads"] = null,
        ["TorchSharp.torch.set_rng_state"] = "Madtp.Kit.Runtime.RandomState.Restore",
        ["TorchSharp.torch+Generator.set_state"] = null,
        ["TorchSharp.torch+autograd.backward"] = "Madtp.Kit.Runtime.BackwardPass.Run",
        ["TorchSharp.torch+Tensor.backward"] = null,
    };

    [Theory]
    [InlineData("Madtp.Kit.dll")]
    [InlineData("Madtp.Kit.Cli.dll")]
    [InlineData("Madtp.Kit.Verification.dll")]
    public void NothingElseCallsThem(string assembly)
    {
        var calls = CalledMembers.Of(Path.Combine(AppContext.BaseDirectory, assembly));
        Assert.Contains(calls, call => call.Called.StartsWith("System.", StringComparison.Ordinal));
        Assert.DoesNotContain(calls, call => Guards.TryGetValue(call.Called, out var guard) && call.Caller != guard);
    }

    [Fact]
    public void TheGuardsCallThem()
    {
        var calls = CalledMembers.Of(typeof(Kit.Runtime.BackwardPass).Assembly.Location);
        Assert.All(Guards.Where(pair => pair.Value is not null), pair => Assert.Contains((pair.Value!, pair.Key), calls));
    }

    [Fact]
    public void FunctionsWithABackwardPassAreGuarded()
    {
        var functions = typeof(Kit.Runtime.BackwardPass).Assembly.GetTypes().Where(type => !type.IsAbstract && Bases(type).Any(IsFunction)).ToArray();
        Assert.NotEmpty(functions);
        Assert.All(functions, type => Assert.Contains(Bases(type), each => each.Name == typeof(Kit.Runtime.GuardedFunction<>).Name));
    }

    [Fact]
    public void NotebooksAndBenchmarksCallNone()
    {
        var cells = Directory.EnumerateFiles(KitPaths.InRepository("notebooks"), "*.ipynb", SearchOption.AllDirectories).SelectMany(Cells);
        var sources = Directory.EnumerateFiles(KitPaths.InRepository("benchmarks"), "*.cs").Select(path => (path, File.ReadAllText(path)));
        Assert.DoesNotContain(cells.Concat(sources), text => Unguarded().IsMatch(text.Item2));
    }

    private static bool IsFunction(Type type) => type.FullName?.StartsWith("TorchSharp.torch+autograd+Function`1", StringComparison.Ordinal) == true;

    private static IEnumerable<Type> Bases(Type type)
    {
        for (var each = type.BaseType; each is not null; each = each.BaseType)
            yield return each;
    }

    private static IEnumerable<(string Path, string Code)> Cells(string path)
    {
        using var notebook = JsonDocument.Parse(File.ReadAllText(path));
        foreach (var cell in notebook.RootElement.GetProperty("cells").EnumerateArray().Where(cell => cell.GetProperty("cell_type").GetString() == "code"))
        {
            var source = cell.GetProperty("source");
            yield return (path, source.ValueKind == JsonValueKind.String ? source.GetString()! : string.Concat(source.EnumerateArray().Select(line => line.GetString())));
        }
    }

    [GeneratedRegex(@"\b(matmul|cummax|cummin|set_num_interop_threads|set_rng_state)\s*\(|\bautograd\.grad\s*\(")]
    private static partial Regex Unguarded();
}
