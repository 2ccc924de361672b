using TorchSharp.Interop;

namespace TorchSharp.Modules
{
    /// <summary>A table of vectors, looked up by index.</summary>
    public sealed class Embedding : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        private readonly long padding;
        private readonly double? longest;
        private readonly double normType;
        private readonly bool scaleByFrequency;
        private readonly bool sparse;

        internal Embedding(
            Parameter weight, long? padding_idx, double? max_norm, double norm_type, bool scale_grad_by_freq, bool sparse)
            : base(nameof(Embedding))
        {
            this.weight = weight;
            padding = padding_idx is { } at ? (at < 0 ? weight.size(0) + at : at) : -1;
            longest = max_norm;
            normType = norm_type;
            scaleByFrequency = scale_grad_by_freq;
            this.sparse = sparse;
        }

        public Parameter weight
        {
            get => _internal_params[nameof(weight)];
            set => ConditionallyRegisterParameter(nameof(weight), value);
        }

        public override torch.Tensor forward(torch.Tensor input)
        {
            if (longest is { } limit)
            {
                using var unrecorded = torch.no_grad();
                Aten.Run("embedding_renorm_", weight, input, limit, normType);
            }

            return Aten.One("embedding", weight, input, padding, scaleByFrequency, sparse);
        }

        internal static Parameter Random(long rows, long width, long? padding_idx, torch.Device? device, torch.ScalarType? dtype)
        {
            using var unrecorded = torch.no_grad();
            var table = torch.empty([rows, width], dtype, device).normal_();
            if (padding_idx is { } padding)
            {
                table[padding].zero_();
            }

            return new Parameter(table);
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.Embedding Embedding(
                long num_embeddings,
                long embedding_dims,
                long? padding_idx = null,
                double? max_norm = null,
                double norm_type = 2,
                bool scale_grad_by_freq = false,
                bool sparse = false,
                Device? device = null,
                ScalarType? dtype = null)
                => new(
                    Modules.Embedding.Random(num_embeddings, embedding_dims, padding_idx, device, dtype),
                    padding_idx,
                    max_norm,
                    norm_type,
                    scale_grad_by_freq,
                    sparse);
        }
    }
}
