using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        public Tensor this[params long[] indices]
        {
            get => index(Singles(indices));
            set => index_put_(value, Singles(indices));
        }

        public Tensor this[long i1]
        {
            get => select(0, i1);
            set => index_put_(value, Singles(i1));
        }

        public Tensor this[long i1, long i2]
        {
            get => index(Singles(i1, i2));
            set => index_put_(value, Singles(i1, i2));
        }

        public Tensor this[long i1, long i2, long i3]
        {
            get => index(Singles(i1, i2, i3));
            set => index_put_(value, Singles(i1, i2, i3));
        }

        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => index(Singles(i1, i2, i3, i4));
            set => index_put_(value, Singles(i1, i2, i3, i4));
        }

        public Tensor index(params Tensor[] indices) => Aten.One("index.Tensor", this, Spread(indices));

        public Tensor index(params TensorIndex[] indices)
        {
            var (view, picks) = View(indices);
            return picks.Count == 0 ? view : Aten.One("index.Tensor", view, picks.ToArray());
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false)
            => Aten.InPlace("index_put_", this, Spread(indices), Matching(value), accumulate);

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            var (view, picks) = View(indices);
            if (picks.Count > 0)
            {
                Aten.Run("index_put_", view, picks.ToArray(), Matching(value), accumulate);
            }
            else if (accumulate)
            {
                view.add_(value);
            }
            else
            {
                view.copy_(value);
            }

            return this;
        }

        private static TensorIndex[] Singles(params ReadOnlySpan<long> indices)
        {
            var singles = new TensorIndex[indices.Length];
            for (var i = 0; i < singles.Length; i++)
            {
                singles[i] = indices[i];
            }

            return singles;
        }

        private static bool IsMask(Tensor tensor) => tensor.dtype is ScalarType.Bool;

        // A mask over several dimensions stands for as many index tensors.
        private static Tensor?[] Spread(IEnumerable<Tensor?> indices)
            => indices.SelectMany(tensor => tensor is not null && IsMask(tensor) ? tensor.nonzero().unbind(1) : new Tensor?[] { tensor }).ToArray();

        // Native index_put_ insists on one element type; assignment elsewhere converts.
        private Tensor Matching(Tensor value) => value.dtype == dtype ? value : value.to_type(dtype);

        // Applies everything that is a view; what remains are tensors, each at the dimension it picks from.
        private (Tensor View, List<Tensor?> Picks) View(TensorIndex[] indices)
        {
            var view = alias();
            var picks = new List<Tensor?>();
            var at = 0;
            foreach (var index in indices)
            {
                switch (index.What)
                {
                    case TensorIndex.Kind.Single:
                        view = view.select(at, index.Start!.Value);
                        break;
                    case TensorIndex.Kind.Slice:
                        if (index.Start is not null || index.Stop is not null || index.Step is not null)
                        {
                            view = Aten.One("slice.Tensor", view, at, index.Start, index.Stop, index.Step ?? 1);
                        }

                        at++;
                        break;
                    case TensorIndex.Kind.None or TensorIndex.Kind.Null:
                        view = view.unsqueeze(at++);
                        break;
                    case TensorIndex.Kind.Ellipsis:
                        at += (int)view.ndim - at - Consumed(indices, index);
                        break;
                    default:
                        at = Pick(ref view, picks, at, index);
                        break;
                }
            }

            return (view, picks);
        }

        private static int Pick(ref Tensor view, List<Tensor?> picks, int at, TensorIndex index)
        {
            var tensor = index.Indices;
            if (index.What == TensorIndex.Kind.Bool)
            {
                view = view.unsqueeze(at);
                tensor = torch.tensor(new[] { index.Start != 0 });
            }

            while (picks.Count < at)
            {
                picks.Add(null);
            }

            picks.AddRange(Spread([tensor]));
            return picks.Count;
        }

        // Dimensions taken by what follows the ellipsis.
        private static int Consumed(TensorIndex[] indices, TensorIndex ellipsis)
        {
            var after = Array.FindIndex(indices, index => index.What == TensorIndex.Kind.Ellipsis) + 1;
            return indices.Skip(after).Sum(index => index.What switch
            {
                TensorIndex.Kind.Single or TensorIndex.Kind.Slice => 1,
                TensorIndex.Kind.Tensor => IsMask(index.Indices!) ? (int)index.Indices!.ndim : 1,
                _ => 0,
            });
        }
    }
}
