using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Statements about two of the pretraining's pictures, of objects and glyphs alike, with how many of what each word
/// names are there and where they are. The image encoder is kept as it is, so that each picture is encoded once.</summary>
/// <remarks>On answers and numbers alone nothing was learned in 60,000 statements: words have to find their patches first. So two
/// heads of each layer but the first are shown where to look: at the things that the words name, each thing alike whatever its
/// size, and at the class token as if it were one more, so that the share that falls on it tells the number.</remarks>
internal sealed class StatementLessons : TrainingTask, IDisposable
{
    private const int Shown = 2; // heads of a layer that are shown where to look
    private const int AtOnce = 100;

    private readonly BlipNlvr model;
    private readonly WordHead head;
    private readonly DecoyLessons lessons;
    private readonly DecoyLessons heldLessons;
    private readonly Tensor pictures;
    private readonly Tensor heldPictures;
    private readonly int watched;
    private readonly byte[][] shown; // what each patch of each picture shows
    private readonly List<Tensor> looks = [];
    private Tensor? where; // [B, N, 2, S], sums to 1 for tokens that name something, else 0
    private int firstStatement;

    /// <summary>Encodes the pictures.</summary>
    public StatementLessons(BlipNlvr model, Pretraining settings)
    {
        var (world, pictures) = (settings.World, settings.Pictures);
        (this.model, watched, Examples) = (model, settings.WatchedStatements, settings.Statements);
        head = new WordHead(model.Config.Text.Width, Grounding.Most);
        (lessons, heldLessons) = (new DecoyLessons(world, pictures), new DecoyLessons(world, settings.HeldPictures, held: true));
        shown = new byte[pictures][];
        Parallel.For(0, pictures, i => shown[i] = ToyRenderer.PatchClasses(lessons.Scenes[i]));
        foreach (var cross in model.TextEncoder.modules().OfType<PairCrossAttention>().Skip(1))
            cross.Looks = Look;

        (this.pictures, heldPictures) = (Encode(lessons), Encode(heldLessons));
        foreach (var parameter in model.VisualEncoder.parameters())
            parameter.requires_grad = false;
    }

    public override IReadOnlyList<(string Name, nn.Module Module)> Modules => [("model", model), ("word_head", head)];

    public override int Examples { get; }

    public override TrainingObjective Objective => new(0, AuxiliaryWeight: 1);

    public override void Prepare(int step, int stepsPerEpoch) => firstStatement = step / stepsPerEpoch * Examples;

    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        int[] numbers = [.. examples];
        var said = new (int[] Tokens, int Left, int Right, bool Label, sbyte[] Counts, string Kind)[numbers.Length];
        Parallel.For(0, said.Length, i => said[i] = lessons.Statement(firstStatement + numbers[i]));
        using var truth = Where(said);
        where = truth;
        var (output, labels) = Read(said, pictures);
        where = null;
        var looking = looks.Aggregate((sum, look) => sum + look) / looks.Count;
        looks.ForEach(look => look.Dispose());
        looks.Clear();
        return new StepLosses(
            nn.functional.cross_entropy(output.Logits, labels), output.Logits.detach().argmax(1).eq(labels).to(float32).mean())
        {
            Auxiliary = looking + head.Loss(
                output.Text.X, DataSplit.PaddedCounts(one => said[one].Counts, [.. Enumerable.Range(0, said.Length)], null)),
        };
    }

    public override Evaluation Validate()
    {
        using var off = no_grad();
        model.eval();
        var right = new List<(string Kind, bool Right)>();
        foreach (var numbers in Enumerable.Range(0, watched).Chunk(AtOnce))
        {
            using var scope = NewDisposeScope();
            var said = numbers.Select(heldLessons.Statement).ToArray();
            var (output, labels) = Read(said, heldPictures);
            right.AddRange(said.Select(one => one.Kind).Zip(output.Logits.argmax(1).eq(labels).data<bool>().ToArray()));
        }

        return new Evaluation("held", right.Count, right.Average(one => one.Right ? 1.0 : 0), 0, 1)
        {
            ByKind = right.GroupBy(one => one.Kind)
                .ToDictionary(kind => kind.Key, kind => kind.Average(one => one.Right ? 1.0 : 0)),
        };
    }

    public void Dispose()
    {
        foreach (var cross in model.TextEncoder.modules().OfType<PairCrossAttention>())
            cross.Looks = null;

        head.Dispose();
        pictures.Dispose();
        heldPictures.Dispose();
    }

    // Cross-entropy of where the first heads look, [B, h, N, S] each, mean over the tokens that name something.
    private void Look(Tensor left, Tensor right)
    {
        if (where is not null)
        {
            var paid = stack([left.slice(1, 0, Shown, 1), right.slice(1, 0, Shown, 1)], 3); // [B, 2 heads, N, 2, S]
            var loss = -(paid.clamp_min(1e-6).log() * where.unsqueeze(1)).sum() / (where.sum() * Shown);
            looks.Add(loss.DetachFromDisposeScope());
        }
    }

    private Tensor Where((int[] Tokens, int Left, int Right, bool Label, sbyte[] Counts, string Kind)[] said)
    {
        const int seen = DecoyScene.Patches + 1;
        var longest = said.Max(one => one.Tokens.Length);
        var all = new float[said.Length * longest * 2 * seen];
        Parallel.For(0, said.Length, i =>
        {
            foreach (var (first, last, words) in Grounding.Named([.. said[i].Tokens.Select(DecoyTokens.Tokenizer.TokenOf)]))
            {
                for (var token = first; token <= last; token++)
                {
                    var at = ((i * longest) + token) * 2 * seen;
                    Spread(said[i].Left, words, all.AsSpan(at, seen));
                    Spread(said[i].Right, words, all.AsSpan(at + seen, seen));
                }
            }
        });
        return tensor(all, [said.Length, longest, 2, seen]);
    }

    // One part for the class token, one for each thing, shared among its patches.
    private void Spread(int picture, ThingWords words, Span<float> parts)
    {
        const int perRow = DecoyScene.Size / DecoyScene.PatchSize, side = perRow / DecoyScene.CellsPerRow;
        var things = lessons.Scenes[picture].Things.Where(thing => words.Fits(thing)).ToArray();
        parts[0] = 1f / (things.Length + 1);
        foreach (var thing in things)
        {
            var corner = (thing.Cell / DecoyScene.CellsPerRow * side * perRow) + (thing.Cell % DecoyScene.CellsPerRow * side);
            int[] covered = [.. Enumerable.Range(0, side * side).Select(i => corner + (i / side * perRow) + (i % side))
                .Where(patch => shown[picture][patch] != 0)];
            foreach (var patch in covered)
                parts[1 + patch] = 1f / (things.Length + 1) / covered.Length;
        }
    }

    private (NlvrOutput Output, Tensor Labels) Read(
        (int[] Tokens, int Left, int Right, bool Label, sbyte[] Counts, string Kind)[] said, Tensor encoded)
    {
        var (ids, mask) = TextEncoding.Batch([.. said.Select(one => one.Tokens)], DecoyTokens.Tokenizer.PaddingId, null, null);
        var seen = tensor(said.Select(one => (long)one.Left).Concat(said.Select(one => (long)one.Right)).ToArray());
        var vision = new TokenState(encoded.index_select(0, seen).to(float32)); // [2B, S, D]
        return (model.Read(vision, ids, mask), tensor(said.Select(one => one.Label ? 1L : 0L).ToArray()));
    }

    // Half precision: 145 tokens of 64 numbers for each picture, 18.6 KB. [I, S, D]
    private Tensor Encode(DecoyLessons of)
    {
        using var off = no_grad();
        model.eval();
        using var images = PatchLessons.Draw(of);
        using var scope = NewDisposeScope();
        var all = Enumerable.Range(0, of.Scenes.Count).Chunk(AtOnce).Select(examples =>
        {
            using var inner = NewDisposeScope();
            return model.VisualEncoder.forward(images.Plain(examples, null)).X.to(float16).MoveToOuterDisposeScope();
        }).ToArray();
        return cat(all, 0).DetachFromDisposeScope();
    }
}
