using System.Globalization;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Benchmarks;

/// <summary>
/// What the blocks of BLIP-NLVR2 make on their way, block by block: tensors, which is about as many as operators, and the memory
/// of those that are there when a block ends. What a block has freed before is counted as tensors alone.
/// </summary>
internal static class BlockTrace
{
    /// <exception cref="ArgumentException">The model is another.</exception>
    public static void Print(SpeedTask task, IReadOnlyList<PruningSetting?> settings)
    {
        var model = task.Model as BlipNlvr ?? throw new ArgumentException("blocks are traced in bench nlvr2");
        Console.WriteLine($"{"block",-22} {"model",-24} {"tokens in",9} {"out",5} {"tensors",8} {"MB",9}");
        foreach (var setting in settings)
        {
            using var attached = setting?.Attach(model);
            using var kept = NewDisposeScope();
            using var inputs = new Inputs(model);
            var images = task.Encode();
            foreach (var encoder in model.ReducibleEncoders)
            {
                var rows = encoder.Blocks.Select(block => Count(block, inputs.Of(block), images)).ToArray();
                for (var layer = 0; layer < rows.Length; layer++)
                    Row($"{encoder.Name} {layer}", setting, rows[layer]);

                Row($"{encoder.Name}, mean", setting, new Made(
                    rows.Average(row => row.Before), rows.Average(row => row.After), rows.Average(row => row.Tensors),
                    rows.Average(row => row.Bytes)));
            }
        }
    }

    private static Made Count(IReducibleBlock block, TokenState input, IReadOnlyList<ImageContext> images)
    {
        using var scope = NewDisposeScope();
        var before = MadeSoFar();
        var output = block is BertLayer text ? text.Forward(input, images) : ((PreNormBlock)block).forward(input);
        var tensors = MadeSoFar() - before;
        var bytes = scope.DisposablesView.OfType<Tensor>().Where(tensor => !tensor.IsInvalid).Select(Memory)
            .DistinctBy(memory => memory.At).Sum(memory => memory.Bytes);
        return new Made(input.Length, output.Length, tensors, bytes);
    }

    private static long MadeSoFar()
    {
        var tensors = DisposeScopeManager.Statistics.TensorStatistics;
        return tensors.CreatedInScopeCount + tensors.CreatedOutsideScopeCount;
    }

    // Views share their tensor's memory.
    private static (nint At, double Bytes) Memory(Tensor tensor) => tensor.dtype switch
    {
        ScalarType.Float32 => Memory(tensor.storage<float>()),
        ScalarType.Int64 => Memory(tensor.storage<long>()),
        ScalarType.Bool => Memory(tensor.storage<bool>()),
        _ => (tensor.Handle, tensor.numel() * (double)tensor.element_size()),
    };

    private static (nint At, double Bytes) Memory<T>(Storage<T> storage) where T : unmanaged =>
        (storage.data_ptr(), storage.nbytes());

    private static void Row(string block, PruningSetting? setting, Made made) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{block,-22} {setting?.Name ?? "plain",-24} {made.Before,9:0} {made.After,5:0} "
            + $"{made.Tensors,8:0} {made.Bytes / 1e6,9:0.0}"));

    private sealed record Made(double Before, double After, double Tensors, double Bytes);

    /// <summary>What goes into every block, and what the texts read.</summary>
    private sealed class Inputs : IDisposable
    {
        private readonly Dictionary<IReducibleBlock, Watch> watches = new(ReferenceEqualityComparer.Instance);

        public Inputs(BlipNlvr model)
        {
            foreach (var block in model.ReducibleEncoders.SelectMany(encoder => encoder.Blocks))
                block.Reducer = watches[block] = new Watch(block.Reducer);
        }

        public TokenState Of(IReducibleBlock block) => watches[block].Input!;

        public void Dispose()
        {
            foreach (var (block, watch) in watches)
                block.Reducer = watch.Inner;
        }
    }

    private sealed class Watch(IBlockReducer? inner) : IBlockReducer
    {
        public IBlockReducer? Inner => inner;

        public TokenState? Input { get; private set; }

        public bool ExcludesPadding => inner?.ExcludesPadding ?? false;

        public AttentionReading? Reads(TokenState input)
        {
            Input ??= Kept(input);
            return inner?.Reads(input);
        }

        public TokenState Reduce(TokenState input, TokenState attended, SelfAttentionRecord attention) =>
            inner?.Reduce(input, attended, attention) ?? attended;

        // Of a block's scope, which ends with it.
        private static TokenState Kept(TokenState state)
        {
            Tensor? Copy(Tensor? tensor) => tensor?.clone().DetachFromDisposeScope();
            return state with
            {
                X = Copy(state.X)!, Mask = Copy(state.Mask), Filled = Copy(state.Filled), Packed = Copy(state.Packed),
                Entered = Copy(state.Entered),
            };
        }
    }
}
