using Madtp.Kit.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

/// <summary>One inner width of a model that parameters can be taken out of, and the tensors that follow it, found by name: no
/// model knows of it. A unit of an attention is one dimension of every head alike, so that heads stay equally wide.</summary>
/// <param name="Name">Name of the part inside the model, as in its checkpoint.</param>
/// <param name="Units">Units that the model has: dimensions of a head, or feed-forward units.</param>
public sealed partial record PrunableWidth(string Name, int Units)
{
    private static readonly Part[] Parts =
    [
        new("attn", ["attn.qkv.weight", "attn.qkv.bias"], "attn.proj.weight", 3),
        new("attn", ["attn.in_proj_weight", "attn.in_proj_bias"], "attn.out_proj.weight", 3),
        new("mlp", ["mlp.fc1.weight", "mlp.fc1.bias"], "mlp.fc2.weight"),
        new("mlp", ["mlp.c_fc.weight", "mlp.c_fc.bias"], "mlp.c_proj.weight"),
        Bert("attention.self", "attention.output.dense.weight"),
        Bert("crossattention.self", "crossattention.output.dense.weight"),
        Bert("crossattention.self0", "crossattention.output.dense0.weight"),
        Bert("crossattention.self1", "crossattention.output.dense1.weight"),
        new("intermediate", ["intermediate.dense.weight", "intermediate.dense.bias"], "output.dense.weight"),
    ];

    private sealed record Part(string Name, string[] Rows, string Column, int Projections = 1);

    /// <summary>Whether it is a feed-forward part's; else the units are dimensions of an attention's heads.</summary>
    public bool IsFeedForward => Name.EndsWith(".mlp", StringComparison.Ordinal)
        || Name.EndsWith(".intermediate", StringComparison.Ordinal);

    /// <summary>Heads that repeat the units; 1 where there are no heads.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>How often the units of all heads stand in each tensor of <see cref="Rows"/>, one after the other: 3 in a fused
    /// projection to queries, keys and values.</summary>
    public int Projections { get; init; } = 1;

    /// <summary>Names of the tensors whose first dimension runs over the units: what makes them.</summary>
    public required IReadOnlyList<string> Rows { get; init; }

    /// <summary>Names of the tensors whose last dimension runs over the units: what reads them.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>The widths of a model, layer by layer. The tensors of a momentum copy follow those of what it copies.</summary>
    public static IReadOnlyList<PrunableWidth> Of(nn.Module model)
    {
        var shapes = model.named_parameters().ToDictionary(each => each.name, each => each.parameter.shape);
        var heads = model.named_modules().Where(each => each.module is MultiHeadAttention)
            .ToDictionary(each => each.name, each => ((MultiHeadAttention)each.module).Heads);
        var layers = shapes.Keys.Select(name => Layer().Match(name)).Where(match => match.Success).Select(match => match.Value)
            .Distinct();
        return
        [
            .. from layer in layers
               where !ContrastiveModel.IsOfCopy(layer)
               from part in Parts
               where shapes.ContainsKey($"{layer}.{part.Rows[0]}")
               let head = heads.GetValueOrDefault($"{layer}.{part.Name}", 1)
               let rows = part.Rows.Select(row => $"{layer}.{row}").ToArray()
               let columns = new[] { $"{layer}.{part.Column}" }
               let copied = shapes.ContainsKey(ContrastiveModel.CopyOf(rows[0]))
               select new PrunableWidth($"{layer}.{part.Name}", (int)shapes[rows[0]][0] / (head * part.Projections))
               {
                   Heads = head,
                   Projections = part.Projections,
                   Rows = copied ? [.. rows, .. rows.Select(ContrastiveModel.CopyOf)] : rows,
                   Columns = copied ? [.. columns, .. columns.Select(ContrastiveModel.CopyOf)] : columns,
               },
        ];
    }

    /// <summary>The inner width of every part by its name, heads times units, as the ledger counts them.</summary>
    public static IReadOnlyDictionary<string, int> InnerWidths(nn.Module model) =>
        Of(model).ToDictionary(width => width.Name, width => width.Heads * width.Units);

    /// <summary>Gives a model's widths other numbers of units: tensors that follow them become uninitialised ones.</summary>
    /// <param name="units">For each width the units that it is to have.</param>
    internal static void Resize(nn.Module model, Func<PrunableWidth, int> units)
    {
        var parameters = model.named_parameters().ToDictionary(each => each.name, each => each.parameter);
        var modules = model.named_modules().ToDictionary(each => each.name, each => each.module);
        foreach (var (width, wanted) in Of(model).Select(width => (width, Wanted: units(width)))
            .Where(one => one.Wanted != one.width.Units))
        {
            foreach (var name in width.Rows)
                Replace(name, [width.Projections * width.Heads * wanted, .. parameters[name].shape[1..]]);

            foreach (var name in width.Columns)
                Replace(name, [.. parameters[name].shape[..^1], width.Heads * wanted]);
        }

        void Replace(string name, long[] shape)
        {
            var old = parameters[name];
            var fresh = nn.Parameter(empty(shape, dtype: old.dtype, device: old.device), old.requires_grad);
            fresh.DetachFromDisposeScope();
            var dot = name.LastIndexOf('.');
            switch (modules[name[..dot]])
            {
                case Linear linear when name[(dot + 1)..] == nameof(Linear.weight):
                    linear.weight = fresh;
                    break;
                case Linear linear:
                    linear.bias = fresh;
                    break;
                case ClipAttention attention:
                    attention.Replace(name[(dot + 1)..], fresh);
                    old.Dispose();
                    break;
                case var other:
                    throw new InvalidOperationException(
                        $"'{name}' is in a {other.GetType().Name}, whose parameters cannot be replaced");
            }
        }
    }

    private static Part Bert(string name, string column) =>
        new(name, [.. new[] { "query", "key", "value" }.SelectMany(
            part => new[] { $"{name}.{part}.weight", $"{name}.{part}.bias" })], column);

    [GeneratedRegex(@"^.*?\.(?:blocks|resblocks|layer)\.\d+(?=\.)")]
    private static partial Regex Layer();
}
