using System.Globalization;

namespace TorchSharp;

public static partial class TensorExtensionMethods
{
    public static string str(
        this torch.Tensor tensor,
        string? fltFormat = null,
        int? width = null,
        string? newLine = null,
        CultureInfo? cultureInfo = null,
        TensorStringStyle style = TensorStringStyle.Default)
        => tensor.ToString(style, fltFormat, width, cultureInfo, newLine);

    public static string npstr(
        this torch.Tensor tensor, string? fltFormat = "g5", int? width = 100, string? newLine = null, CultureInfo? cultureInfo = null)
        => tensor.ToString(TensorStringStyle.Numpy, fltFormat, width, cultureInfo, newLine);

    public static string jlstr(
        this torch.Tensor tensor, string? fltFormat = null, int? width = null, string? newLine = null, CultureInfo? cultureInfo = null)
        => tensor.ToString(TensorStringStyle.Julia, fltFormat, width, cultureInfo, newLine);

    public static torch.Tensor print(
        this torch.Tensor t,
        string? fltFormat = "g5",
        int? width = 100,
        string? newLine = null,
        CultureInfo? cultureInfo = null,
        TensorStringStyle style = TensorStringStyle.Default)
    {
        Console.WriteLine(t.ToString(style, fltFormat, width, cultureInfo, newLine));
        return t;
    }
}
