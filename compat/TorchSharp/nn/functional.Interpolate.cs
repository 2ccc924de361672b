using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>Resizes the dimensions after the first two to <paramref name="size"/>, or by <paramref name="scale_factor"/>.</summary>
            public static Tensor interpolate(
                Tensor x,
                long[]? size = null,
                double[]? scale_factor = null,
                InterpolationMode mode = InterpolationMode.Nearest,
                bool? align_corners = null,
                bool recompute_scale_factor = false,
                bool antialias = false)
            {
                var dimensions = (int)x.ndim - 2;
                if ((size is null) == (scale_factor is null))
                {
                    throw new ArgumentException("give either a size or a scale factor");
                }

                var sizes = size is null || size.Length == dimensions ? size : Enumerable.Repeat(size[0], dimensions).ToArray();
                var scales = scale_factor is null || scale_factor.Length == dimensions
                    ? scale_factor
                    : Enumerable.Repeat(scale_factor[0], dimensions).ToArray();
                if (recompute_scale_factor && scales is not null)
                {
                    sizes = scales.Select((scale, i) => (long)(x.size(i + 2) * scale)).ToArray();
                    scales = null;
                }

                var corners = align_corners ?? false;
                return (mode, dimensions, antialias) switch
                {
                    (InterpolationMode.Nearest, _, false) => Aten.One($"upsample_nearest{dimensions}d.vec", x, sizes, scales),
                    (InterpolationMode.NearestExact, _, false) => Aten.One($"_upsample_nearest_exact{dimensions}d.vec", x, sizes, scales),
                    (InterpolationMode.Linear, 1, false) => Aten.One("upsample_linear1d.vec", x, sizes, corners, scales),
                    (InterpolationMode.Bilinear, 2, false) => Aten.One("upsample_bilinear2d.vec", x, sizes, corners, scales),
                    (InterpolationMode.Bilinear, 2, true) => Aten.One("_upsample_bilinear2d_aa.vec", x, sizes, corners, scales),
                    (InterpolationMode.Bicubic, 2, false) => Aten.One("upsample_bicubic2d.vec", x, sizes, corners, scales),
                    (InterpolationMode.Bicubic, 2, true) => Aten.One("_upsample_bicubic2d_aa.vec", x, sizes, corners, scales),
                    (InterpolationMode.Trilinear, 3, false) => Aten.One("upsample_trilinear3d.vec", x, sizes, corners, scales),
                    (InterpolationMode.Area, _, false) when sizes is not null => Aten.One($"adaptive_avg_pool{dimensions}d", x, sizes),
                    _ => throw new ArgumentException(
                        $"no interpolation {mode}{(antialias ? " with antialiasing" : string.Empty)} over {dimensions} dimensions", nameof(mode)),
                };
            }
        }
    }
}
