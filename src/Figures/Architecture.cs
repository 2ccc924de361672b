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
        return Sketch.Figure(Title, Title, Width, top + 452, sketch =>
        {
            void Down(float x, float from, float to) => sketch.Arrow(Sketch.Text, 1.5f, new(x, from), new(x, to));
            void Say(float x, float y, string text, float size = 12, SKColor? color = null, bool bold = false) =>
                sketch.Write(x, y, text, size, color ?? Sketch.Text, centered: true, bold);
            var (images, words) = (left + (Panel / 2), right + (Panel / 2));

            // What goes in, and what the image encoder does not get.
            using var one = Sketch.Shown(example.Left, 144, 144).ToSkia();
            using var other = Sketch.Shown(example.Right!, 144, 144).ToSkia();
            sketch.Picture(SKRect.Create(left + 20, top, 72, 72), one);
            sketch.Picture(SKRect.Create(left + 100, top, 72, 72), other);
            sketch.Write(left + 184, top + 40, $"{example.Grid.Count} patches and [CLS] each", 12, Sketch.Text);
            Say(words, top + 36, Sketch.Fit($"\"{example.Sentence}\"", 13, Panel - 24), 13, Sketch.Ink);
            Say(words, top + 58, $"{example.Pieces.Count} word pieces, [ENC] first");
            sketch.Line(Warning, 2, new(words, top + 78), new(middle + 68, top + 78));
            sketch.Line(Warning, 2, new(middle + 52, top + 71), new(middle + 66, top + 85));
            sketch.Line(Warning, 2, new(middle + 52, top + 85), new(middle + 66, top + 71));

            // Both encoders, from the top down.
            var inner = top + 98;
            string[] blocks = ["self-attention", "DTP: score, keep, merge the rest", "feed-forward (MLP)"];
            string[] layers = [.. blocks[..2], "cross-attention to both images", "feed-forward"];
            sketch.Encoder(left, inner, Images, $"image encoder, {config.Vision.Depth} blocks like this", blocks);
            sketch.Encoder(right, inner, Words, $"text encoder, {config.Text.Layers} layers like this", layers);
            Down(images, top + 74, inner - 1);
            Down(words, top + 66, inner - 1);

            // The guidance between them.
            var mag = SKRect.Create(middle, inner, right - 42 - middle, 196);
            sketch.Fill(mag, Guidance, 6);
            Say(mag.MidX, inner + 20, "MAG", 13, Sketch.Ink, bold: true);
            for (var i = 0; i < 12; i++)
                sketch.Fill(SKRect.Create(mag.MidX - 71 + (12 * i), inner + 32, 10, 10), Token, 2);

            string[] lines =
            [
                $"{guidance.Tokens} learnable tokens E,", $"{guidance.Width} wide, for both encoders", "",
                "A = softmax(E V'ᵀ / √d_k)", "Eᵛ = A V', Eˡ likewise", "",
                "L_sim draws Eᵛ and Eˡ", "together, in training only",
            ];
            foreach (var (i, line) in lines.Index())
                Say(mag.MidX, inner + 62 + (17 * i), line);

            var (input, pruned) = (inner + 12, inner + Row(1) + (BoxHeight / 2));
            void Give(float from, float to, float y, string label)
            {
                sketch.Arrow(Token, 2, new(from, y), new(to, y));
                Say(from < mag.MidX ? mag.Left - 21 : mag.Right + 21, y - 6, label);
            }

            Give(left + Panel + 2, mag.Left - 2, input, "V'");
            Give(right - 2, mag.Right + 2, input, "V'");
            Give(mag.Left - 2, left + Panel - 18, pruned, "A");
            Give(mag.Right + 2, right + 18, pruned, "A");

            // What is left of the images reaches the text, and the answer.
            var (result, cross) = (inner + Row(3) + 24, inner + Row(2) + (BoxHeight / 2));
            Down(images, inner + Row(3) - 4, result - 1);
            sketch.Box(left + 18, result, "what is left of either image");
            var (across, turn) = (result + (BoxHeight / 2), right - 16);
            sketch.Arrow(
                Sketch.Text, 1.5f, new(left + Panel - 18, across), new(turn, across), new(turn, cross), new(right + 17, cross));
            Say(mag.MidX, across - 7, "keys and values");
            var answer = inner + Row(4) + 24;
            Down(words, inner + Row(4) - 4, answer - 1);
            sketch.Box(right + 18, answer, "classifier on [ENC]: false or true");
            string[] warned =
            [
                "The statement never reaches the image encoder: images are encoded",
                "before any word is read. MAG can learn what the corpus speaks of,",
                "not what this statement asks.",
            ];
            foreach (var (i, line) in warned.Index())
                sketch.Write(left, answer + 4 + (18 * i), line, 13, Warning, bold: true);
        });
    }

    // Where a part of an encoder begins, below the encoder's top.
    private static float Row(int part) => 36 + (56 * part);

    private static void Encoder(this Sketch sketch, float x, float y, SKColor color, string title, string[] parts)
    {
        sketch.Fill(SKRect.Create(x, y, Panel, Row(parts.Length) - 6), color, 6);
        sketch.Write(x + 18, y + 22, title, 13, Sketch.Ink, bold: true);
        foreach (var (i, part) in parts.Index())
        {
            sketch.Box(x + 18, y + Row(i), part);
            if (i > 0)
                sketch.Arrow(Sketch.Text, 1.5f, new(x + (Panel / 2), y + Row(i) - 22), new(x + (Panel / 2), y + Row(i) - 1));
        }
    }

    private static void Box(this Sketch sketch, float x, float y, string text)
    {
        var (area, prunes) = (SKRect.Create(x, y, Panel - 36, BoxHeight), text.StartsWith("DTP", StringComparison.Ordinal));
        sketch.Fill(area, Sketch.Quiet, 5);
        sketch.Fill(SKRect.Inflate(area, -1, -1), prunes ? Prunes : SKColors.White, 4);
        sketch.Write(area.MidX, area.MidY + 5, text, 13, prunes ? SKColors.White : Sketch.Ink, centered: true);
    }

    // A line through points, level or upright, with a head at its end.
    private static void Arrow(this Sketch sketch, SKColor color, float pen, params SKPoint[] points)
    {
        var (from, to) = (points[^2], points[^1]);
        var (along, up) = (MathF.Sign(to.X - from.X), MathF.Sign(to.Y - from.Y));
        sketch.Line(color, pen, points);
        sketch.Line(color, pen, new(to.X - (7 * along) + (4 * up), to.Y - (7 * up) + (4 * along)), to,
            new(to.X - (7 * along) - (4 * up), to.Y - (7 * up) - (4 * along)));
    }
}
