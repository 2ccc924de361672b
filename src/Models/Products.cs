using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>The linear maps of all blocks and what stands between them: in one place, so that their precision and outputs can be
/// changed from outside. Where no gradient is recorded, they write into what only they know of.</summary>
internal static class Products
{
    /// <summary>A linear layer.</summary>
    public static Tensor Linear(Linear layer, Tensor input) => Linear(input, layer.weight, layer.bias);

    /// <summary>A linear map of weights <c>[out, in]</c>; with mixed precision in bfloat16, its output too.</summary>
    public static Tensor Linear(Tensor input, Parameter weight, Parameter? bias) => OutputHook.Apply(
        weight, MixedPrecision.Weights?.Linear(input, weight, bias) ?? nn.functional.linear(input, weight, bias!));

    /// <summary>GELU of a linear layer.</summary>
    public static Tensor LinearGelu(Linear layer, Tensor input) =>
        MixedPrecision.Weights is { } prepared && !OutputHook.Changes(layer.weight)
            ? prepared.Linear(input, layer.weight, layer.bias, gelu: true)
            : Gelu(Linear(layer, input));

    /// <summary>GELU of a map's output.</summary>
    public static Tensor Gelu(Tensor output) => is_grad_enabled() ? nn.functional.gelu(output) : output.gelu_();

    /// <summary>x · σ(1.702 x) of a map's output: the approximation of GELU that CLIP was trained with.</summary>
    public static Tensor QuickGelu(Tensor output) =>
        is_grad_enabled() ? output * (output * 1.702).sigmoid() : output.mul_((output * 1.702).sigmoid_());

    /// <summary>What a map or a product gave plus what nobody else may lose: a residual or a bias, which decide the
    /// precision.</summary>
    public static Tensor Add(Tensor output, Tensor other) =>
        is_grad_enabled() || output.dtype != other.dtype ? output + other : output.add_(other);

    /// <summary>Whether a CPU may go through numbers in one pass of our own: in float32, where no gradient is recorded, now or
    /// when a block is run again.</summary>
    public static bool GoInOnePass(Tensor numbers) => !Recomputation.Records && numbers.dtype == float32
        && numbers.device.type == TorchSharp.DeviceType.CPU && numbers.numel() is > 0 and <= int.MaxValue / sizeof(float);
}

/// <summary>Mixed precision: while it is on, the matrix products of the encoders' blocks are computed in bfloat16 and what lies
/// between two of them stays so; weights, residual sums, norms, scores, thresholds, losses and gradients of weights stay in
/// float32. bfloat16 has float32's range, so losses need no scaling. Made for GPUs with bfloat16 units (compute capability 8.0
/// and later) and CPUs with AVX-512's or AMX's bfloat16 instructions; others compute the same, more slowly than in
/// float32.</summary>
public static class MixedPrecision
{
    /// <summary>Whether it is on for this thread.</summary>
    [field: ThreadStatic]
    public static bool IsOn { get; private set; }

    /// <summary>What the weights of this thread's products are taken from; null for the weights themselves.</summary>
    [field: ThreadStatic]
    internal static PreparedWeights? Weights { get; private set; }

    /// <summary>Switches it on (or off) for this thread until the result is disposed.</summary>
    /// <param name="on">Whether it is to be on.</param>
    /// <param name="prepared">Where weights are kept as the products take them, in float32 too; null keeps those in bfloat16 for
    /// this time only.</param>
    public static IDisposable Begin(bool on = true, PreparedWeights? prepared = null)
    {
        var before = (IsOn, Weights);
        var own = on && prepared is null ? new PreparedWeights() : null;
        (IsOn, Weights) = (on, prepared ?? own);
        return new Undo(() =>
        {
            (IsOn, Weights) = before;
            own?.Dispose();
        });
    }
}

/// <summary>Weights as the products of inference take them, each made when it is first asked for: in bfloat16 with mixed
/// precision; on a CPU large ones laid out as oneDNN multiplies them, on Intel's processors float32 as MKL does, which is faster
/// there at every number of tokens. Otherwise every call lays them out anew: without that 21 to 300 tokens take from 0.55 to 0.9
/// of the time. They need as much memory as the weights, in bfloat16 half. A weight that changes counts from the next pass that
/// records gradients, or in other prepared weights.</summary>
public sealed class PreparedWeights : IDisposable
{
    private const long Large = 1 << 18; // numbers of a weight; the products of smaller ones lie in the cache
    private const int Few = 3; // rows that MKL multiplies in no more time than it reads the weights, laid out or not

    private static readonly bool IsIntel = X86Base.IsSupported && X86Base.CpuId(0, 0).Ebx == 0x756e6547; // "Genu"ineIntel

    private readonly Dictionary<Parameter, Tensor> converted = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Parameter, Tensor> packed = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Parameter, Tensor> packedHalf = new(ReferenceEqualityComparer.Instance);

    /// <summary>Frees them.</summary>
    public void Dispose()
    {
        foreach (var kept in new[] { converted, packed, packedHalf })
        {
            kept.Values.ToList().ForEach(copy => copy.Dispose());
            kept.Clear();
        }
    }

    /// <summary>A linear map <c>[..., in]</c> to <c>[..., out]</c>, in the precision that this thread is in.</summary>
    /// <param name="weight"><c>[out, in]</c>.</param>
    /// <param name="bias"><c>[out]</c>; null for none.</param>
    /// <param name="gelu">Whether GELU follows.</param>
    /// <exception cref="ExternalException">The widths do not fit.</exception>
    public Tensor Linear(Tensor input, Parameter weight, Parameter? bias, bool gelu = false)
    {
        if (Recomputation.Records)
        {
            Dispose(); // an optimizer's step will follow
        }

        var mixed = MixedPrecision.IsOn;
        var (from, added) = (mixed ? input.to(bfloat16) : input, bias is null ? null : Converted(bias));
        var library = IsIntel && !mixed ? PackedLinear.Mkl : PackedLinear.OneDnn;
        var few = library == PackedLinear.Mkl && from.numel() <= Few * from.shape[^1];
        if (added is not null && !few && CanPack(weight, from) && library.IsAvailable)
        {
            Tensor Pack() => library.Pack(mixed ? weight.to(bfloat16) : weight);
            return library.Apply(from, Once(mixed ? packedHalf : packed, weight, Pack), weight, added, gelu);
        }

        var output = nn.functional.linear(from, Converted(weight), added!);
        return gelu ? Products.Gelu(output) : output;
    }

    private static bool CanPack(Parameter weight, Tensor input) => !Recomputation.Records && weight.ndim == 2
        && weight.numel() >= Large && weight.dtype == float32 && weight.device.type == TorchSharp.DeviceType.CPU
        && input.shape[^1] == weight.shape[1] && input.numel() > 0;

    private Tensor Converted(Parameter weight) => !MixedPrecision.IsOn ? weight
        : Recomputation.Records ? weight.to(bfloat16)
        : Once(converted, weight, () => weight.detach().to(bfloat16));

    private static Tensor Once(Dictionary<Parameter, Tensor> kept, Parameter weight, Func<Tensor> make)
    {
        if (!kept.TryGetValue(weight, out var copy))
        {
            using var scope = NewDisposeScope();
            kept[weight] = copy = make().DetachFromDisposeScope();
        }

        return copy;
    }
}

/// <summary>Changes what a block's linear map gives, from outside and by its weight: no block knows of it.</summary>
public static class OutputHook
{
    private static readonly ConditionalWeakTable<Parameter, Func<Tensor, Tensor>> Attached = [];

    /// <summary>From now on the map of this weight gives <paramref name="change"/> of its output <c>[B, N, out]</c>, until the
    /// result is disposed.</summary>
    /// <exception cref="InvalidOperationException">The weight's map is changed already.</exception>
    public static IDisposable Attach(Parameter weight, Func<Tensor, Tensor> change) => Attached.TryAdd(weight, change)
        ? new Undo(() => Attached.Remove(weight))
        : throw new InvalidOperationException("the output of this map is changed already; dispose that hook first");

    internal static bool Changes(Parameter weight) => Attached.TryGetValue(weight, out _);

    internal static Tensor Apply(Parameter weight, Tensor output) =>
        Attached.TryGetValue(weight, out var change) ? change(output) : output;
}
