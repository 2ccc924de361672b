using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Checkpoints;
using static TorchSharp.torch;

namespace Madtp.Kit.Benchmarks;

/// <summary>
/// The authors' Python of BLIP-NLVR2 in a process of its own, with the kit's weights and inputs: <c>authors_nlvr2.py</c> answers
/// one batch for every line, so that its turns alternate with the kit's.
/// </summary>
internal sealed class AuthorsModel : IDisposable
{
    private readonly Process process;
    private string said = "no Python is installed";
    private readonly string file = Path.Combine(Path.GetTempPath(), $"kit-{Guid.NewGuid():N}.safetensors");

    /// <summary>Starts it.</summary>
    /// <param name="checkout">A clone of the authors' repository.</param>
    /// <param name="weights">The kit's, in float32, under the checkpoints' names.</param>
    /// <param name="images">Both images of every pair, <c>[2B, 3, H, W]</c>.</param>
    /// <param name="ids">Statements, <c>[B, N]</c> int64.</param>
    /// <param name="mask">1 for tokens, <c>[B, N]</c> int64.</param>
    /// <exception cref="ArgumentException">It does not run here; the message is its one sentence.</exception>
    public AuthorsModel(string checkout, IReadOnlyDictionary<string, Tensor> weights, Tensor images, Tensor ids, Tensor mask)
    {
        SafetensorsWriter.Write(file, new Dictionary<string, Tensor>(weights)
        {
            ["images"] = images, ["ids"] = ids, ["mask"] = mask,
        });
        foreach (var python in new[] { "python3", "/usr/bin/python3" }) // Debian's PyTorch belongs to the system's
        {
            if (Start(python, checkout) is { } started)
            {
                process = started;
                return;
            }
        }

        File.Delete(file);
        throw new ArgumentException(said);
    }

    /// <summary>Answers the batch: logits <c>[B, 2]</c> in a row.</summary>
    /// <param name="temperature">T of the released policy; 0 for the plain model.</param>
    public float[] Pass(double temperature) => Answer(temperature.ToString(CultureInfo.InvariantCulture));

    /// <summary>One of <see cref="Peak"/>'s products, by their PyTorch; how fast depends on the BLAS that it finds.</summary>
    public void Product() => Answer("product");

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
        File.Delete(file);
    }

    private float[] Answer(string line)
    {
        process.StandardInput.WriteLine(line);
        process.StandardInput.Flush();
        return JsonSerializer.Deserialize<float[]>(process.StandardOutput.ReadLine()
            ?? throw new ArgumentException($"the authors' code ended at {line}: {said}"))!;
    }

    private Process? Start(string python, string checkout)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "authors_nlvr2.py");
        var start = new ProcessStartInfo(
            python, [script, checkout, file, get_num_threads().ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        try
        {
            var one = Process.Start(start)!;
            one.ErrorDataReceived += (_, line) => said = line.Data ?? said;
            one.BeginErrorReadLine();
            if (one.StandardOutput.ReadLine() == "ready")
                return one;

            one.WaitForExit();
            one.Dispose();
        }
        catch (Win32Exception)
        {
            // there is none of that name
        }

        return null;
    }
}
