using Madtp.Kit.Data.Images;
using Madtp.Kit.Models;
using SkiaSharp;

namespace Madtp.Kit.Figures;

/// <summary>The method in one drawing, as in the paper's Figure 2: where alignment guidance and pruning stand.</summary>
public static class Architecture
{
    private const float Width = 960, Panel = 338, BoxHeight = 34;
    private static readonly SKColor Images = SKColor.Parse("#e3eefa"), Words = SKColor.Parse("#e4f3e8");
    private static readonly SKColor Guidance = SKColor.Parse("#fdeed8"), Token = SKColor.Parse("#e8943a");
    private static readonly SKColor Prunes = SKColor.Parse("#8c2981"), Warning = SKColor.Parse("#b42318");

    /// <summary>BLIP for NLVR2 with MADTP attached: MAG between its two encoders, DTP in every block.</summary>
    /// <exception cref="ArgumentException">The model has no alignment guidance.</exception>
    public static StaticFigure Draw(BlipConfig config, PairView example)
    {
        var guidance = config.Alignment
            ?? throw new ArgumentException("the model has no alignment guidance to draw", nameof(config));
        const string Title = "BLIP for NLVR2 with MADTP";
        var (left, middle, right, top) = (Sketch.Edge, 392f, Width - Sketch.Edge - Panel, Sketch.Top(Title));
        return Sketch.Figure(Title, Title, Width, top + 452, canvas =>
        {
            void Down(float x, float from, float to) => canvas.Line(Sketch.Text, 1.5f, [new(x, from), new(x, to)], head: true);
            void Warn(float y, string text) => canvas.Write(left, y, text, 13, Warning, bold: true);
            var (images, words) = (left + (Panel / 2), right + (Panel / 2));

            // What goes in, and what the image encoder does not get.
            using var one = Sketch.Shown(example.Left, 144, 144).ToSkia();
            using var other = Sketch.Shown(example.Right!, 144, 144).ToSkia();
            canvas.Picture(SKRect.Create(left + 20, top, 72, 72), one);
            canvas.Picture(SKRect.Create(left + 100, top, 72, 72), other);
            canvas.Write(left + 184, top + 40, $"{example.Grid.Count} patches and [CLS] each", 12, Sketch.Text);
            var said = Sketch.Fit($"\"{example.Sentence}\"", 13, Panel - 24);
            canvas.Write(words, top + 36, said, 13, Sketch.Ink, SKTextAlign.Center);
            var pieces = $"{example.Pieces.Count} word pieces, [ENC] first";
            canvas.Write(words, top + 58, pieces, 12, Sketch.Text, SKTextAlign.Center);
            canvas.Line(Warning, 2, [new(words, top + 78), new(middle + 68, top + 78)]);
            canvas.Line(Warning, 2, [new(middle + 52, top + 71), new(middle + 66, top + 85)]);
            canvas.Line(Warning, 2, [new(middle + 52, top + 85), new(middle + 66, top + 71)]);

            // Both encoders, from the top down.
            var inner = top + 98;
            string[] blocks = ["self-attention", "DTP: score, keep, merge the rest", "feed-forward (MLP)"];
            string[] layers = [.. blocks[..2], "cross-attention to both images", "feed-forward"];
            canvas.Encoder(left, inner, Images, $"image encoder, {config.Vision.Depth} blocks like this", blocks);
            canvas.Encoder(right, inner, Words, $"text encoder, {config.Text.Layers} layers like this", layers);
            Down(images, top + 74, inner - 1);
            Down(words, top + 66, inner - 1);

            // The guidance between them.
            var mag = SKRect.Create(middle, inner, right - 42 - middle, 196);
            canvas.Fill(mag, Guidance, 6);
            canvas.Write(mag.MidX, inner + 20, "MAG", 13, Sketch.Ink, SKTextAlign.Center, bold: true);
            for (var i = 0; i < 12; i++)
            {
                canvas.Fill(SKRect.Create(mag.MidX - 71 + (12 * i), inner + 32, 10, 10), Token, 2);
            }

            string[] lines =
            [
                $"{guidance.Tokens} learnable tokens E,", $"{guidance.Width} wide, for both encoders", "",
                "A = softmax(E V'ᵀ / √d_k)", "Eᵛ = A V', Eˡ likewise", "",
                "L_sim draws Eᵛ and Eˡ", "together, in training only",
            ];
            foreach (var (i, line) in lines.Index())
            {
                canvas.Write(mag.MidX, inner + 62 + (17 * i), line, 12, Sketch.Text, SKTextAlign.Center);
            }

            var (input, pruned) = (inner + 12, inner + Row(1) + (BoxHeight / 2));
            canvas.Line(Token, 2, [new(left + Panel + 2, input), new(mag.Left - 2, input)], head: true);
            canvas.Line(Token, 2, [new(right - 2, input), new(mag.Right + 2, input)], head: true);
            canvas.Line(Token, 2, [new(mag.Left - 2, pruned), new(left + Panel - 18, pruned)], head: true);
            canvas.Line(Token, 2, [new(mag.Right + 2, pruned), new(right + 18, pruned)], head: true);
            foreach (var (x, y, label) in new[]
            {
                (mag.Left - 21, input, "V'"), (mag.Right + 21, input, "V'"),
                (mag.Left - 21, pruned, "A"), (mag.Right + 21, pruned, "A"),
            })
            {
                canvas.Write(x, y - 6, label, 12, Sketch.Text, SKTextAlign.Center);
            }

            // What is left of the images reaches the text, and the answer.
            var (result, cross) = (inner + Row(3) + 24, inner + Row(2) + (BoxHeight / 2));
            Down(images, inner + Row(3) - 4, result - 1);
            canvas.Box(SKRect.Create(left + 18, result, Panel - 36, BoxHeight), "what is left of either image", SKColors.White);
            var (across, turn) = (result + (BoxHeight / 2), right - 16);
            canvas.Line(Sketch.Text, 1.5f,
                [new(left + Panel - 18, across), new(turn, across), new(turn, cross), new(right + 17, cross)], head: true);
            canvas.Write(mag.MidX, across - 7, "keys and values", 12, Sketch.Text, SKTextAlign.Center);
            var answer = inner + Row(4) + 24;
            Down(words, inner + Row(4) - 4, answer - 1);
            var last = SKRect.Create(right + 18, answer, Panel - 36, BoxHeight);
            canvas.Box(last, "classifier on [ENC]: false or true", SKColors.White);

            Warn(answer + 4, "The statement never reaches the image encoder: images are encoded");
            Warn(answer + 22, "before any word is read. MAG can learn what the corpus speaks of,");
            Warn(answer + 40, "not what this statement asks.");
        });
    }

    // Where a part of an encoder begins, below the encoder's top.
    private static float Row(int part) => 36 + (56 * part);

    private static void Encoder(this SKCanvas canvas, float x, float y, SKColor color, string title, string[] parts)
    {
        canvas.Fill(SKRect.Create(x, y, Panel, Row(parts.Length) - 6), color, 6);
        canvas.Write(x + 18, y + 22, title, 13, Sketch.Ink, bold: true);
        foreach (var (i, part) in parts.Index())
        {
            var box = SKRect.Create(x + 18, y + Row(i), Panel - 36, BoxHeight);
            var prunes = part.StartsWith("DTP", StringComparison.Ordinal);
            canvas.Box(box, part, prunes ? Prunes : SKColors.White, prunes ? SKColors.White : Sketch.Ink);
            if (i > 0)
            {
                canvas.Line(Sketch.Text, 1.5f, [new(box.MidX, box.Top - 22), new(box.MidX, box.Top - 1)], head: true);
            }
        }
    }

    private static void Box(this SKCanvas canvas, SKRect area, string text, SKColor fill, SKColor? ink = null)
    {
        canvas.Fill(area, Sketch.Quiet, 5);
        canvas.Fill(SKRect.Inflate(area, -1, -1), fill, 4);
        canvas.Write(area.MidX, area.MidY + 5, text, 13, ink ?? Sketch.Ink, SKTextAlign.Center);
    }

    // A line through points, level or upright; its end may have a head.
    private static void Line(this SKCanvas canvas, SKColor color, float width, SKPoint[] through, bool head = false)
    {
        using var paint = new SKPaint { Color = color, IsAntialias = true, StrokeWidth = width, Style = SKPaintStyle.Stroke };
        paint.StrokeCap = SKStrokeCap.Round;
        for (var i = 1; i < through.Length; i++)
        {
            canvas.DrawLine(through[i - 1], through[i], paint);
        }

        if (head)
        {
            var (from, to) = (through[^2], through[^1]);
            var (along, up) = (MathF.Sign(to.X - from.X), MathF.Sign(to.Y - from.Y));
            canvas.DrawLine(to, new(to.X - (7 * along) + (4 * up), to.Y - (7 * up) + (4 * along)), paint);
            canvas.DrawLine(to, new(to.X - (7 * along) - (4 * up), to.Y - (7 * up) - (4 * along)), paint);
        }
    }
}
