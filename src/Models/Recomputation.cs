using Madtp.Kit.Models.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>
/// Runs a block without keeping what it computes on the way. The backward pass runs it once more, from the same inputs and the same
/// random state, and goes on from there, so that gradients are those of an ordinary run, bit for bit.
/// </summary>
internal static class Recomputation
{
    [ThreadStatic]
    private static bool isAgain;

    /// <summary>Whether a block is being run for the second time; what only watches looks away then.</summary>
    public static bool IsAgain => isAgain;

    /// <summary>
    /// Runs a block.
    /// </summary>
    /// <param name="run">The block: a function of its arguments and of parameters, with no other effect.</param>
    /// <param name="state">Its tokens.</param>
    /// <param name="images">Images that it reads, not projected ahead.</param>
    /// <param name="random">Whether it draws random numbers on the processor (drop path; dropout where that is its device).</param>
    public static TokenState Run(Func<TokenState, IReadOnlyList<ImageContext>, TokenState> run, TokenState state, IReadOnlyList<ImageContext> images, bool random)
    {
        Tensor?[] inputs = [.. state.Parts(), .. images.SelectMany(image => new[] { image.Tokens, image.Mask })];
        if (!is_grad_enabled() || !inputs.Any(input => input?.requires_grad == true))
        {
            return run(state, images);
        }

        var block = new Block(run, inputs, random);
        var outputs = BlockFunction.apply([block, .. inputs.OfType<Tensor>()]);
        return block.TakeResult() with { X = outputs[0], AlignmentFeature = outputs.Count > 1 ? outputs[1] : null };
    }

    private sealed class Block
    {
        private readonly Func<TokenState, IReadOnlyList<ImageContext>, TokenState> run;
        private readonly bool[] present;
        private readonly bool[] wanted;
        private readonly byte[]? random;
        private readonly bool mixed = MixedPrecision.IsOn;
        private TokenState? result;

        public Block(Func<TokenState, IReadOnlyList<ImageContext>, TokenState> run, Tensor?[] inputs, bool random)
        {
            this.run = run;
            present = [.. inputs.Select(input => input is not null)];
            wanted = [.. inputs.OfType<Tensor>().Select(input => input.requires_grad)];
            this.random = random ? RandomState() : null;
        }

        /// <summary>Tensors that gradients flow out of: hidden states and alignment features. The others are counts and places.</summary>
        public List<Tensor> Forward(IReadOnlyList<Tensor> inputs)
        {
            using var scope = NewDisposeScope();
            result = Run(inputs);
            foreach (var tensor in result.Tensors().Where(scope.Contains))
            {
                scope.MoveToOuter(tensor);
            }

            // An output must not be one of the inputs, which have a history of their own.
            return result.AlignmentFeature is not { } feature ? [result.X]
                : [result.X, inputs.Any(input => ReferenceEquals(input, feature)) ? feature.clone().MoveToOuterDisposeScope() : feature];
        }

        public TokenState TakeResult()
        {
            var taken = result!;
            result = null;
            return taken;
        }

        public List<Tensor> Backward(List<Tensor> saved, List<Tensor> gradients)
        {
            using var recorded = enable_grad();
            Tensor[] inputs = [.. saved.Select((tensor, i) => wanted[i] ? tensor.detach().requires_grad_() : tensor)];
            var again = Again(inputs);
            var pairs = new[] { again.X, again.AlignmentFeature }.Zip(gradients).Where(pair => pair is { First.requires_grad: true, Second: { IsInvalid: false } }).ToArray();
            autograd.backward([.. pairs.Select(pair => pair.First!)], [.. pairs.Select(pair => pair.Second)]);
            return [null!, .. inputs.Select((input, i) => wanted[i] ? input.grad! : null!)];
        }

        private TokenState Again(Tensor[] inputs)
        {
            using var precision = MixedPrecision.Begin(mixed); // a device calls back on a thread of its own
            var now = random is null ? null : RandomState();
            isAgain = true;
            try
            {
                SetRandomState(random);
                return Run(inputs);
            }
            finally
            {
                SetRandomState(now);
                isAgain = false;
            }
        }

        private TokenState Run(IReadOnlyList<Tensor> inputs)
        {
            var next = 0;
            Tensor?[] all = [.. present.Select(there => there ? inputs[next++] : null)];
            var parts = TokenState.PartCount;
            ImageContext[] images = [.. all.Skip(parts).Chunk(2).Select(image => new ImageContext(image[0]!, image[1]))];
            return run(TokenState.Of(all.AsSpan(0, parts)), images);
        }

        private static byte[] RandomState()
        {
            using var state = get_rng_state();
            return state.data<byte>().ToArray();
        }

        private static void SetRandomState(byte[]? state)
        {
            if (state is not null)
            {
                using var restored = tensor(state);
                set_rng_state(restored);
            }
        }
    }

    private sealed class BlockFunction : autograd.MultiTensorFunction<BlockFunction>
    {
        public override string Name => nameof(Recomputation);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var block = (Block)vars[0];
            List<Tensor> inputs = [.. vars.OfType<Tensor>()];
            ctx.set_materialize_grads(false); // zeros for what is undefined would be made from outputs that may be disposed by then
            ctx.save_for_backward(inputs);
            ctx.save_data(nameof(Block), block);
            return block.Forward(inputs);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs) =>
            ((Block)ctx.get_data(nameof(Block))).Backward(ctx.get_saved_variables(), grad_outputs);
    }
}
