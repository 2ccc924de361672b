using System.Globalization;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public static TensorStringStyle TensorStringStyle { get; set; } = TensorStringStyle.Julia;

    public partial class Tensor
    {
        /// <summary>Shape, element type and device; of a single number, the number too.</summary>
        public override string ToString() => IsInvalid ? string.Empty : TensorText.Metadata(this);

        public string ToString(
            TensorStringStyle style, string? fltFormat = null, int? width = null, CultureInfo? cultureInfo = null, string? newLine = null)
        {
            var text = new TensorText(this, fltFormat ?? "g5", width ?? 100, cultureInfo ?? CultureInfo.InvariantCulture, newLine ?? "\n");
            return (style == TensorStringStyle.Default ? torch.TensorStringStyle : style) switch
            {
                TensorStringStyle.Metadata => TensorText.Metadata(this),
                TensorStringStyle.Numpy => text.Nested(),
                _ => text.Tabulated(),
            };
        }
    }
}
