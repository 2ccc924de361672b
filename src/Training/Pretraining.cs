using Madtp.Kit.Data;
using Madtp.Kit.Data.Decoys;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>The neutral pretraining of the world with decoys, which treats objects and glyphs alike: first the image encoder
/// learns what each patch shows, on single pictures; then, the image encoder kept, the text encoder learns to look things up and
/// to answer, on statements about objects and about glyphs.</summary>
/// <param name="Folder">Where the two trainings keep their files, and the weights.</param>
public sealed record Pretraining(string Folder)
{
    public DecoySettings World { get; init; } = new();

    /// <summary>Pictures that are learned from.</summary>
    public int Pictures { get; init; } = 16_000;

    /// <summary>Statements in an epoch of the second training; each epoch has others.</summary>
    public int Statements { get; init; } = 20_000;

    /// <summary>Held-out statements that the second training is watched by.</summary>
    public int WatchedStatements { get; init; } = 2_000;

    /// <summary>Held-out pictures that those are about; of the first training's patches, the first 400 of them.</summary>
    public int HeldPictures { get; init; } = 1_000;

    /// <summary>How the patches' classes are learned.</summary>
    public TrainingSettings PatchTraining { get; init; } =
        new() { Epochs = 4, BatchSize = 32, LearningRate = 1.5e-3, WarmupSteps = 100, CheckpointEvery = 250 };

    /// <summary>How statements are learned.</summary>
    public TrainingSettings StatementTraining { get; init; } =
        new() { Epochs = 40, BatchSize = 64, LearningRate = 1.5e-3, WarmupSteps = 200, CheckpointEvery = 500 };

    /// <summary>The two trainings, one after the other; goes on where an earlier call stopped.</summary>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The scores of held-out patches and statements; null where it was stopped.</returns>
    public (Evaluation Patches, Evaluation Statements)? Run(
        Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        manual_seed(PatchTraining.Seed);
        using var model = new BlipNlvr(BlipConfig.Decoys);
        ToyModels.Randomize(model);
        using var patches = new PatchLessons(model, World, Pictures, Math.Min(400, HeldPictures));
        if (!new Trainer(patches, PatchTraining, Path.Combine(Folder, "patches"))
            .Run(progress, resume: true, cancellation).Completed)
        {
            return null;
        }

        var seen = patches.Validate();
        using var statements = new StatementLessons(model, this);
        if (!new Trainer(statements, StatementTraining, Path.Combine(Folder, "statements"))
            .Run(progress, resume: true, cancellation).Completed)
        {
            return null;
        }

        var read = statements.Validate();
        static string Number(double value) => value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        ToyModels.Save(Path.Combine(Folder, Training.Run.WeightsName), model, null, new Dictionary<string, string>
        {
            ["task"] = "nlvr2",
            ["seed"] = Number(PatchTraining.Seed),
            ["patch_accuracy"] = Number(seen.Accuracy),
            ["statement_accuracy"] = Number(read.Accuracy),
        });
        return (seen, read);
    }
}

/// <summary>What each patch of a picture shows and where it is, and for the class token how many things there are of each form
/// and colour: objects and glyphs alike. Without the second the encoder forgets places, and statements about them cannot be
/// learned.</summary>
/// <param name="pictures">Pictures that are learned from.</param>
internal sealed class PatchLessons(BlipNlvr model, DecoySettings world, int pictures, int watched) : TrainingTask, IDisposable
{
    private const int Most = 4; // more count as so many
    private const int Side = DecoyScene.Size / DecoyScene.PatchSize;

    private static readonly IReadOnlyList<ThingWords> Inventory =
    [
        .. from kind in Enum.GetValues<ThingKind>()
           from words in Enumerable.Range(0, 5).Select(form => new ThingWords(kind, form, null, null))
               .Concat(Enumerable.Range(0, 6).Select(color => new ThingWords(kind, null, color, null)))
           select words,
    ];

    private readonly PatchHead head = new(model.Config.Vision.Width, Thing.Classes);
    private readonly Linear inventory = nn.Linear(model.Config.Vision.Width, Inventory.Count * (Most + 1));
    private readonly Linear place = nn.Linear(model.Config.Vision.Width, 2 * Side);
    private readonly Tensor rows = arange(Side, int64).repeat_interleave(Side);
    private readonly Tensor columns = arange(Side, int64).repeat(Side);
    private readonly DrawnImages images = Draw(new DecoyLessons(world, pictures));
    private readonly DrawnImages held = Draw(new DecoyLessons(world, watched, held: true));
    private readonly Tensor counts = Count(new DecoyLessons(world, pictures)); // [I, 22]

    public override IReadOnlyList<(string Name, nn.Module Module)> Modules =>
        [("visual_encoder", model.VisualEncoder), ("patch_head", head), ("inventory", inventory), ("place", place)];

    public override int Examples => pictures;

    public override TrainingObjective Objective => new(0, AuxiliaryWeight: 0.5);

    /// <summary>The pictures of lessons, drawn into memory.</summary>
    internal static DrawnImages Draw(DecoyLessons lessons)
    {
        var (pixels, patches) = DecoyPairs.Paint(lessons.Scenes);
        return new DrawnImages(pixels, DecoyScene.Size, patches, [.. Enumerable.Range(0, lessons.Scenes.Count)]);
    }

    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var truth = images.PatchClasses(examples, null)!;
        var tokens = model.VisualEncoder.forward(images.Plain(examples, null)).X;
        var counted = counts.index_select(0, tensor(examples.ToArray().Select(example => (long)example).ToArray())); // [B, 22]
        var told = inventory.forward(tokens.select(1, 0)).view(-1, Most + 1); // [B · 22, 5]
        var at = place.forward(tokens.slice(1, 1, tokens.shape[1], 1)).flatten(0, 1); // [B · 144, 24]
        return new StepLosses(head.Loss(tokens, truth), Right(tokens, truth))
        {
            Auxiliary = nn.functional.cross_entropy(told, counted.flatten())
                + (nn.functional.cross_entropy(at.slice(1, 0, Side, 1), rows.repeat(examples.Length)) / 2)
                + (nn.functional.cross_entropy(at.slice(1, Side, 2 * Side, 1), columns.repeat(examples.Length)) / 2),
        };
    }

    public override Evaluation Validate()
    {
        using var off = no_grad();
        model.eval();
        var right = Enumerable.Range(0, watched).Chunk(50).Average(examples =>
        {
            using var scope = NewDisposeScope();
            var tokens = model.VisualEncoder.forward(held.Plain(examples, null)).X;
            return Right(tokens, held.PatchClasses(examples, null)!).item<float>();
        });
        return new Evaluation("held", watched, right, 0, 1);
    }

    public void Dispose()
    {
        head.Dispose();
        inventory.Dispose();
        place.Dispose();
        rows.Dispose();
        columns.Dispose();
        images.Dispose();
        held.Dispose();
        counts.Dispose();
    }

    private static Tensor Count(DecoyLessons lessons) => tensor(
        lessons.Scenes.SelectMany(scene => Inventory.Select(words => (long)Math.Min(scene.Count(words), Most))).ToArray(),
        [lessons.Scenes.Count, Inventory.Count]);

    // Share of the patches of things that are named right.
    private Tensor Right(Tensor tokens, Tensor truth)
    {
        using var off = no_grad();
        var things = truth.ne(0);
        return head.forward(tokens).argmax(2).eq(truth).logical_and(things).sum().to(float32) / things.sum();
    }
}

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
        head = new WordHead(model.Config.Text.Width, DecoyGrounding.Most);
        (lessons, heldLessons) = (new DecoyLessons(world, pictures), new DecoyLessons(world, settings.HeldPictures, held: true));
        shown = new byte[pictures][];
        Parallel.For(0, pictures, i => shown[i] = DecoyRenderer.PatchClasses(lessons.Scenes[i]));
        foreach (var cross in model.TextEncoder.modules().OfType<PairCrossAttention>().Skip(1))
        {
            cross.Looks = Look;
        }

        (this.pictures, heldPictures) = (Encode(lessons), Encode(heldLessons));
        foreach (var parameter in model.VisualEncoder.parameters())
        {
            parameter.requires_grad = false;
        }
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
                output.Text.X, NlvrPairs.PaddedCounts(one => said[one].Counts, [.. Enumerable.Range(0, said.Length)], null)),
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
        {
            cross.Looks = null;
        }

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
            foreach (var (first, last, words) in DecoyGrounding.Named([.. said[i].Tokens.Select(DecoyTokens.Tokenizer.TokenOf)]))
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
            {
                parts[1 + patch] = 1f / (things.Length + 1) / covered.Length;
            }
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
