using Madtp.Kit.Models;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace Madtp.Kit.Benchmarks;

/// <summary>
/// BLIP's image encoder in ONNX Runtime, the runtime that people would pick instead: <c>export_onnx.py</c> makes the file from
/// the weights that <c>--weights</c> writes.
/// </summary>
internal sealed class OnnxEncoder : IDisposable
{
    private readonly InferenceSession session;
    private readonly long[] shape;
    private readonly float[] pixels;
    private float[] tokens = [];

    /// <summary>Opens a file, and insists that it encodes the images as the kit's encoder does.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoder">The kit's encoder, in float32 on the CPU.</param>
    /// <param name="images"><c>[B, 3, H, W]</c>.</param>
    /// <exception cref="DllNotFoundException">A packed kit comes without ONNX Runtime's own library.</exception>
    /// <exception cref="ArgumentException">It encodes them otherwise, so that times would say nothing.</exception>
    public OnnxEncoder(string path, VisionTransformer encoder, Tensor images)
    {
        session = Open(path);
        (shape, pixels) = (images.shape, images.data<float>().ToArray());
        Pass();
        using var scope = NewDisposeScope();
        var ours = encoder.forward(images).X; // [B, N, D]
        var difference = tokens.Length == ours.numel() ? (tensor(tokens).view(ours.shape) - ours).abs().max().item<float>()
            : float.NaN;
        if (!(difference < 1e-3))
        {
            throw new ArgumentException(
                $"'{path}' does not encode images as the kit's model does (they differ by {difference}): export it "
                + "from the weights that --weights writes with the same options");
        }
    }

    public void Pass()
    {
        using var input = OrtValue.CreateTensorValueFromMemory(pixels, shape);
        using var run = new RunOptions();
        using var outputs = session.Run(run, [session.InputNames[0]], [input], [session.OutputNames[0]]);
        tokens = outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    public void Dispose() => session.Dispose();

    private static InferenceSession Open(string path)
    {
        try
        {
            using var options = new SessionOptions { IntraOpNumThreads = get_num_threads(), InterOpNumThreads = 1 };
            return new InferenceSession(path, options);
        }
        catch (TypeInitializationException e) when (e.InnerException is DllNotFoundException)
        {
            throw new DllNotFoundException(
                "ONNX Runtime's library is not here (a packed kit comes without it): leave --onnx out", e);
        }
    }
}
