using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Runs a block without keeping what it computes on the way. The backward pass runs it once more, from the same inputs
/// and the same random state, and goes on from there, so that gradients are those of an ordinary run but for the last
/// digits.</summary>
internal static class Recomputation
{
    [ThreadStatic]
    private static bool isFirst;

    /// <summary>Whether gradients are recorded, now or when the block is run again: what takes another way without them must not
    /// take it the first time.</summary>
    public static bool Records => is_grad_enabled() || isFirst;

    /// <summary>Whether a block is being run for the second time; what only watches looks away then.</summary>
    [field: ThreadStatic]
    public static bool IsAgain { get; private set; }

    /// <summary>Runs a block.</summary>
    /// <param name="run">The block: a function of its arguments and of parameters, with no other effect.</param>
    /// <param name="images">Images that it reads, not projected ahead.</param>
    /// <param name="random">Whether it draws random numbers: on the processor, or on a GPU by a seed of the processor's.</param>
    public static TokenState Run(
        Func<TokenState, IReadOnlyList<ImageContext>, TokenState> run, TokenState state, IReadOnlyList<ImageContext> images,
        bool random)
    {
        var inputs = new List<Tensor>();
        Map(state, images, input =>
        {
            inputs.Add(input);
            return input;
        });
        if (!is_grad_enabled() || !inputs.Exists(input => input.requires_grad))
            return run(state, images);

        TokenState With(IReadOnlyList<Tensor> others)
        {
            var next = 0;
            var (of, read) = Map(state, images, _ => others[next++]);
            return run(of, read);
        }

        var block = new Block(With, [.. inputs.Select(input => input.requires_grad)], random ? RandomState.Take() : null);
        var outputs = BlockFunction.apply([block, .. inputs]);
        return block.TakeResult() with { X = outputs[0], AlignmentFeature = outputs.Count > 1 ? outputs[1] : null };
    }

    // A block's arguments, of what their tensors are mapped to in order.
    private static (TokenState State, ImageContext[] Images) Map(
        TokenState state, IReadOnlyList<ImageContext> images, Func<Tensor, Tensor> map) => (state.Map(map),
            [.. images.Select(image => new ImageContext(map(image.Tokens), image.Mask is { } mask ? map(mask) : null))]);

    /// <param name="wanted">Which of its tensors want a gradient.</param>
    /// <param name="random">The random state that it begins with; null where it draws nothing.</param>
    private sealed class Block(Func<IReadOnlyList<Tensor>, TokenState> run, bool[] wanted, byte[]? random)
    {
        private readonly bool mixed = MixedPrecision.IsOn;
        private readonly BatchPart? part = BatchPart.Current;
        private TokenState? result;

        /// <summary>Tensors that gradients flow out of: hidden states and alignment features.</summary>
        public List<Tensor> Forward(IReadOnlyList<Tensor> inputs)
        {
            using var scope = NewDisposeScope();
            isFirst = true;
            try
            {
                result = run(inputs);
            }
            finally
            {
                isFirst = false;
            }

            result.MoveOutOf(scope);
            // An output must not be one of the inputs, which have a history of their own.
            return result.AlignmentFeature is not { } feature ? [result.X]
                : [result.X, inputs.Any(input => ReferenceEquals(input, feature)) ? feature.clone().MoveToOuterDisposeScope()
                    : feature];
        }

        public TokenState TakeResult()
        {
            var taken = result!;
            result = null;
            return taken;
        }

        public Tensor?[] Backward(List<Tensor> saved, IReadOnlyList<Tensor?> gradients)
        {
            using var recorded = enable_grad();
            Tensor[] inputs = [.. saved.Select((tensor, i) => wanted[i] ? tensor.detach().requires_grad_() : tensor)];
            var again = Again(inputs);
            var pairs = new[] { again.X, again.AlignmentFeature }.Zip(gradients)
                .Where(pair => pair is { First.requires_grad: true, Second: not null }).ToArray();
            BackwardPass.Run([.. pairs.Select(pair => pair.First!)], [.. pairs.Select(pair => pair.Second!)]);
            return [null, .. inputs.Select((input, i) => wanted[i] ? input.grad : null)];
        }

        private TokenState Again(Tensor[] inputs)
        {
            using var precision = MixedPrecision.Begin(mixed); // a device calls back on a thread of its own
            using var share = BatchPart.Begin(part);
            using var draws = random is null ? null : RandomState.Begin(random);
            IsAgain = true;
            try
            {
                return run(inputs);
            }
            finally
            {
                IsAgain = false;
            }
        }
    }

    private sealed class BlockFunction : GuardedFunction<BlockFunction>
    {
        protected override List<Tensor> Forward(autograd.AutogradContext context, IReadOnlyList<object> arguments)
        {
            var block = (Block)arguments[0];
            List<Tensor> inputs = [.. arguments.OfType<Tensor>()];
            context.save_for_backward(inputs);
            context.save_data(nameof(Block), block);
            return block.Forward(inputs);
        }

        protected override IReadOnlyList<Tensor?> Backward(autograd.AutogradContext context, IReadOnlyList<Tensor?> gradients) =>
            ((Block)context.get_data(nameof(Block))).Backward(context.get_saved_variables(), gradients);
    }
}

/// <summary>An encoder that can forget what its blocks computed and compute it again when gradients need it (gradient
/// checkpointing).</summary>
public interface IRecomputing
{
    /// <summary>Whether training keeps only each block's input and runs the block once more in the backward pass: about a third
    /// more time for much less memory.</summary>
    bool Recomputes { get; set; }

    /// <summary>Switches it on or off in every encoder of a model that can.</summary>
    static void Set(nn.Module model, bool on)
    {
        foreach (var encoder in model.modules().Prepend(model).OfType<IRecomputing>())
            encoder.Recomputes = on;
    }
}

/// <summary>Runs the blocks of an encoder one after another and frees what each leaves behind.</summary>
internal static class BlockStack
{
    /// <summary>Runs <paramref name="step"/> over all blocks.</summary>
    /// <param name="recomputes">Whether only the blocks' inputs are kept for the backward pass.</param>
    public static TokenState Run<TBlock>(
        IEnumerable<TBlock> blocks, TokenState tokens, Func<TBlock, TokenState, TokenState> step, bool recomputes = false,
            bool random = false)
    {
        foreach (var block in blocks)
        {
            using var scope = NewDisposeScope();
            tokens = recomputes ? Recomputation.Run((again, _) => step(block, again), tokens, [], random) : step(block, tokens);
            tokens.MoveOutOf(scope);
        }

        return tokens;
    }
}
