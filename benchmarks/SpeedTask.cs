using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Benchmarks;

/// <summary>A full-size model and one batch of its inputs.</summary>
internal sealed class SpeedTask : IDisposable
{
    private const int Words = 21; // with [ENC] and [SEP]; NLVR2's mean
    private const int Texts = 64; // that read one image in re-ranking: as many as the task reads at once, of 128 or 256 in all

    private readonly nn.Module module;
    private readonly Func<Inputs, Tensor> forward;
    private readonly Func<int, Device, Inputs> draw;
    private Inputs inputs = null!;
    private OnnxEncoder? other;

    private SpeedTask(nn.Module module, Func<int, Device, Inputs> draw, Func<Inputs, Tensor> forward)
    {
        (this.module, this.draw, this.forward) = (module, draw, forward);
        module.eval();
        Macs = RunCosts.Of(module).Dense(Words);
    }

    public IReducibleModel Model => (IReducibleModel)module;

    /// <summary>Multiply-accumulates of an example, plain.</summary>
    public double Macs { get; private init; }

    /// <summary>The same answers on other ways, plain.</summary>
    public IReadOnlyList<(string Name, double Macs, Action Pass)> Others { get; private set; } = [];

    private Func<Inputs, Tensor>? Recomputed { get; init; }

    public static SpeedTask Nlvr2(SpeedOptions options)
    {
        var config = BlipConfig.Nlvr2 with { Vision = Vision(options, VisionTransformerConfig.Base()), Contrastive = null };
        var model = new BlipNlvr(config with { Text = config.Text with { Layers = options.Layers } });
        return new SpeedTask(model, (batch, device) => new Inputs(batch, 2 * batch, batch, model.Config.Vision.ImageSize, device),
            each => model.Forward(each.Images, each.Ids, each.Mask).Logits);
    }

    public static SpeedTask Clip(SpeedOptions options)
    {
        var config = ClipConfig.BasePatch16 with { Vision = Vision(options, VisionTransformerConfig.Base(224)),
            Contrastive = null };
        var model = new ClipModel(config with { Text = config.Text with { Layers = options.Layers } });
        return new SpeedTask(model, (batch, device) => new Inputs(batch, batch, batch, model.Config.Vision.ImageSize, device),
            each => model.Forward(each.Images, each.Ids).Logits);
    }

    public static SpeedTask Caption(SpeedOptions options)
    {
        var config = BlipConfig.Caption with { Vision = Vision(options, VisionTransformerConfig.Base()) };
        var model = new BlipCaptioner(config with { Text = config.Text with { Layers = options.Layers } });
        var search = new GenerationSettings { MinLength = 20 }; // random weights never end
        Tensor Prompt(Inputs each) => each.Ids.slice(1, 0, 4, 1);
        return new SpeedTask(model, (batch, device) => new Inputs(batch, batch, batch, model.Config.Vision.ImageSize, device),
            each => model.Generate(ImageContext.Of(model.VisualEncoder.forward(each.Images)), Prompt(each), search))
        {
            Recomputed = each => TextGeneration.Generate(
                new RecomputingDecoder(model.TextDecoder, ImageContext.Of(model.VisualEncoder.forward(each.Images))),
                    Prompt(each), search),
        };
    }

    public static SpeedTask Rerank(SpeedOptions options)
    {
        var config = BlipConfig.Retrieval with { Vision = Vision(options, VisionTransformerConfig.Base()), Contrastive = null };
        var model = new BlipRetrieval(config with { Text = config.Text with { Layers = options.Layers } });
        Tensor Judged(Inputs each, bool ahead)
        {
            var tokens = model.EncodeImages(each.Images).Tokens.X; // [B, S, D]
            var image = ahead ? model.TextEncoder.Project(new ImageContext(tokens))
                : new ImageContext(tokens.repeat_interleave(Texts, 0));
            return model.Match(image, each.Ids, each.Mask);
        }

        return new SpeedTask(
            model, (batch, device) => new Inputs(batch, batch, Texts * batch, model.Config.Vision.ImageSize, device),
            each => Judged(each, ahead: true)) { Recomputed = each => Judged(each, ahead: false) };
    }

    /// <summary>The next batch's inputs, on a device.</summary>
    /// <param name="batch">Examples.</param>
    /// <param name="device">The device.</param>
    /// <param name="onnx">The image encoder as an ONNX file, to be timed beside the kit's; null without one.</param>
    public void Begin(int batch, Device device, string? onnx)
    {
        module.to(device);
        inputs = draw(batch, device);
        other?.Dispose();
        (Others, other) = ([], null);
        if (Recomputed is null && onnx is null)
            return;

        // What both ways of decoding and reading run, and what ONNX Runtime is compared with.
        var (encoder, images) = (ImageEncoder(), inputs.Images);
        var macs = Encoding(encoder.Config) * images.shape[0] / batch;
        Others = [("image encoder", macs, () => Pass(each => encoder.forward(each.Images).X))];
        if (Recomputed is { } recomputed)
            Others = [("plain, recomputing", Macs, () => Pass(recomputed)), .. Others];

        if (onnx is not null)
        {
            other = new OnnxEncoder(onnx, encoder, images.cpu());
            Others = [.. Others, ("  in ONNX Runtime", macs, other.Pass)];
        }
    }

    /// <summary>BLIP's image encoder.</summary>
    /// <exception cref="ArgumentException">The model has another.</exception>
    public VisionTransformer ImageEncoder() => module.children().OfType<VisionTransformer>().FirstOrDefault()
        ?? throw new ArgumentException("only BLIP's image encoder is compared with ONNX Runtime: bench nlvr2, caption or rerank");

    public void Pass() => Pass(forward);

    /// <summary>What the texts of NLVR2 see of both images, for who runs blocks alone.</summary>
    public IReadOnlyList<ImageContext> Encode()
    {
        var output = ((BlipNlvr)module).Forward(inputs.Images, inputs.Ids, inputs.Mask);
        ImageContext Half(int from) => new(
            output.Vision.X.slice(0, from, from + inputs.Batch, 1), output.Vision.Mask?.slice(0, from, from + inputs.Batch, 1));
        return [Half(0), Half(inputs.Batch)];
    }

    /// <summary>The authors' code with this model's weights and inputs.</summary>
    /// <param name="checkout">A clone of their repository.</param>
    /// <exception cref="ArgumentException">It does not run here.</exception>
    public AuthorsModel Authors(string checkout)
    {
        if (module is not BlipNlvr || inputs.Images.is_cuda)
            throw new ArgumentException("the authors' code is timed in bench nlvr2, on the CPU (--device cpu)");

        return new AuthorsModel(checkout, module.state_dict(), inputs.Images, inputs.Ids, inputs.Mask);
    }

    /// <summary>By how much the authors' logits differ from the kit's at most.</summary>
    /// <param name="authors">Their code, with this model's weights and inputs.</param>
    /// <param name="setting">Of the released policy; null for the plain model.</param>
    /// <exception cref="ArgumentException">By more than rounding, so that times would say nothing.</exception>
    public double Difference(AuthorsModel authors, PruningSetting? setting)
    {
        using var scope = NewDisposeScope();
        using var attached = setting?.Attach(Model);
        var ours = forward(inputs).data<float>().ToArray();
        var difference = authors.Pass(setting?.Strength ?? 0).Zip(ours, (one, other) => Math.Abs(one - other)).Max();
        return difference < 1e-3 ? difference : throw new ArgumentException( // a NaN is not
            $"the authors' code answers otherwise than the kit, {setting?.Name ?? "plain"} (logits differ by {difference})");
    }

    /// <summary>The share of the plain model's multiply-accumulates that a setting leaves.</summary>
    public double ShareOf(PruningSetting setting)
    {
        using var scope = NewDisposeScope();
        using var attached = setting.Attach(Model);
        using var trace = attached.Record();
        forward(inputs);
        var (images, texts) = ((int)inputs.Images.shape[0], (int)inputs.Ids.shape[0]);
        return RunCosts.Of(module).Shares(trace, [.. Enumerable.Repeat(Words, texts)],
            [.. Enumerable.Range(0, texts).Select(text => text * images / texts)]).Average();
    }

    public void Dispose()
    {
        other?.Dispose();
        module.Dispose();
    }

    // Multiply-accumulates of an image: patches, and of each block the four projections, the feed-forward part and both products.
    private static double Encoding(VisionTransformerConfig config)
    {
        var (tokens, width) = (config.Patches + 1.0, (double)config.Width);
        return (config.Patches * 3.0 * config.PatchSize * config.PatchSize * width)
            + (config.Depth * ((tokens * width * width * (4 + (2 * config.MlpRatio))) + (2 * tokens * tokens * width)));
    }

    private void Pass(Func<Inputs, Tensor> way)
    {
        using var scope = NewDisposeScope();
        way(inputs).cpu(); // waits for a GPU
    }

    private static VisionTransformerConfig Vision(SpeedOptions options, VisionTransformerConfig config) =>
        config with { ImageSize = options.Image > 0 ? options.Image : config.ImageSize, Depth = options.Layers };

    // Smooth spots, so that patches differ.
    private sealed class Inputs(int batch, int images, int texts, int size, Device device)
    {
        public int Batch => batch;

        public Tensor Images { get; } =
            nn.functional.interpolate(
                randn(images, 3, 12, 12), [size, size], mode: InterpolationMode.Bicubic, align_corners: false).to(device);

        public Tensor Ids { get; } = randint(1000, 30000, [texts, Words], dtype: int64).to(device); // [B, N]

        public Tensor Mask { get; } = ones([texts, Words], dtype: int64).to(device);
    }

    // Every step reads each text and the image anew, as the authors' code does.
    private sealed class RecomputingDecoder(TextDecoder decoder, ImageContext read) : INextWord
    {
        private Tensor texts = null!;

        public Tensor Begin(Tensor prompts)
        {
            texts = prompts;
            return Score();
        }

        public Tensor Next(Tensor words, Tensor? rows)
        {
            texts = cat([rows is null ? texts : texts.index_select(0, rows), words.unsqueeze(1)], 1).DetachFromDisposeScope();
            return Score();
        }

        private Tensor Score()
        {
            var logits = decoder.Forward(
                texts, null, new ImageContext(read.Tokens.repeat_interleave(texts.shape[0] / read.Tokens.shape[0], 0)));
            return logits.select(1, logits.shape[1] - 1);
        }
    }
}
