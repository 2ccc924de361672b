using System.IO.Compression;
using static TorchSharp.torch;

namespace Madtp.Kit.Runtime;

/// <summary>Linear maps on a CPU whose weights were laid out once as a library multiplies them, which otherwise every call does
/// anew. libtorch has the operators and TorchSharp does not bind them: a script calls them, which libtorch loads from an archive
/// made here.</summary>
internal sealed class PackedLinear
{
    private readonly Lazy<jit.ScriptModule?> script;

    private PackedLinear(string pack, string linear, string gelu) => script = new(() => Load($"""
        class Linear(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def pack(self: __torch__.Linear, weight: Tensor, rows: int) -> Tensor:
            return {pack}
          def linear(self: __torch__.Linear, input: Tensor, packed: Tensor, weight: Tensor, bias: Tensor, rows: int) -> Tensor:
            return {linear}
          def gelu(self: __torch__.Linear, input: Tensor, packed: Tensor, weight: Tensor, bias: Tensor, rows: int) -> Tensor:
            return {gelu}

        """));

    /// <summary>oneDNN's, float32 and bfloat16.</summary>
    public static PackedLinear OneDnn { get; } = new(
        "ops.mkldnn._reorder_linear_weight(weight, rows)",
        """ops.mkldnn._linear_pointwise(input, packed, bias, "none", annotate(List[Optional[number]], []), "")""",
        """ops.mkldnn._linear_pointwise(input, packed, bias, "gelu", annotate(List[Optional[number]], []), "none")""");

    /// <summary>MKL's, float32 alone. Its layout does not depend on the number of rows, which is asked for all the
    /// same.</summary>
    public static PackedLinear Mkl { get; } = new(
        "ops.mkl._mkl_reorder_linear_weight(weight, rows)",
        "ops.mkl._mkl_linear(input, packed, weight, bias, rows)",
        """torch.gelu_(ops.mkl._mkl_linear(input, packed, weight, bias, rows), approximate="none")""");

    /// <summary>Whether this libtorch has the operators.</summary>
    public bool IsAvailable => script.Value is not null;

    /// <summary>Weights <c>[out, in]</c>, laid out for any number of rows.</summary>
    public Tensor Pack(Tensor weight) => (Tensor)script.Value!.invoke("pack", weight, 256L);

    /// <summary>A linear map <c>[..., in]</c> to <c>[..., out]</c>, and the GELU of it where that is wanted.</summary>
    /// <param name="weight">What was laid out, <c>[out, in]</c>.</param>
    /// <param name="bias"><c>[out]</c>.</param>
    /// <exception cref="ArgumentException">The widths do not fit: MKL would read on behind the numbers.</exception>
    public Tensor Apply(Tensor input, Tensor packed, Tensor weight, Tensor bias, bool gelu)
    {
        var width = input.shape[^1];
        Guard.Argument(width == weight.shape[1] && bias.numel() == weight.shape[0],
            $"inputs of width {width} and {bias.numel()} biases do not fit weights of {weight.shape[0]} × {weight.shape[1]}",
            nameof(input));
        return (Tensor)script.Value!.invoke(gelu ? "gelu" : "linear", input, packed, weight, bias, input.numel() / width);
    }

    private static jit.ScriptModule? Load(string script)
    {
        try
        {
            using var scope = NewDisposeScope();
            var loaded = jit.load(Archive(script));
            using var tried = (Tensor)loaded.invoke("pack", zeros(1, 1), 1L);
            return loaded;
        }
        catch (ExternalException)
        {
            return null; // built without the library
        }
    }

    // A TorchScript archive: the code, an object of its class without parameters, no constants.
    private static byte[] Archive(string script)
    {
        var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            void Add(string name, ReadOnlySpan<byte> content)
            {
                using var entry = archive.CreateEntry($"linear/{name}", CompressionLevel.NoCompression).Open();
                entry.Write(content);
            }

            Add("data.pkl", [0x80, 2, .. "c__torch__\nLinear\n)"u8, 0x81, .. "}X\u0008\0\0\0training"u8, 0x89, .. "sb."u8]);
            Add("code/__torch__.py", System.Text.Encoding.UTF8.GetBytes(script));
            Add("constants.pkl", [0x80, 2, .. ")."u8]);
            Add("version", "3\n"u8);
        }

        return file.ToArray();
    }
}
