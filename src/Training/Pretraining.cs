using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
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
    public ToyWorldSettings World { get; init; } = ToyWorldSettings.Decoys;

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

    /// <summary>Throws away what an earlier run has left in the folder.</summary>
    public bool Fresh { get; init; }

    /// <summary>The two trainings, one after the other; goes on where an earlier call stopped.</summary>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The scores of held-out patches and statements; null where it was stopped.</returns>
    /// <exception cref="InvalidDataException">The folder holds another run, or one that diverged.</exception>
    public (Evaluation Patches, Evaluation Statements)? Run(
        Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var alone = FolderLock.Take(Folder);
        Identity().Claim(Folder, Fresh);
        manual_seed(PatchTraining.Seed);
        using var model = new BlipNlvr(BlipConfig.Decoys);
        ToyModels.Randomize(model);
        using var patches = new PatchLessons(model, World, Pictures, Math.Min(400, HeldPictures));
        if (Trained(patches, PatchTraining, "patches") is not { } seen)
            return null;

        using var statements = new StatementLessons(model, this);
        if (Trained(statements, StatementTraining, "statements") is not { } read)
            return null;

        ToyModels.Save(Path.Combine(Folder, Training.Run.WeightsName), model, new Dictionary<string, object>
        {
            ["task"] = "nlvr2",
            ["seed"] = PatchTraining.Seed,
            ["patch_accuracy"] = seen.Accuracy,
            ["statement_accuracy"] = read.Accuracy,
        });
        return (seen, read);

        Evaluation? Trained(TrainingTask task, TrainingSettings settings, string name) =>
            new Trainer(task, settings, Path.Combine(Folder, name)).Run(progress, !Fresh, cancellation).Completed
                ? task.Validate() : null;
    }

    private RunIdentity Identity()
    {
        var identity = new RunIdentity();
        identity.Add("world", JsonSerializer.Serialize(World));
        identity.Add("examples", $"{Pictures} pictures and {Statements} statements");
        identity.Add("watched", $"{HeldPictures} pictures and {WatchedStatements} statements");
        identity.Add(PatchTraining.Deciding.ToDictionary(setting => $"patches' {setting.Key}", setting => setting.Value));
        identity.Add(StatementTraining.Deciding.ToDictionary(setting => $"statements' {setting.Key}", setting => setting.Value));
        return identity;
    }
}

/// <summary>What each patch of a picture shows and where it is, and for the class token how many things there are of each form
/// and colour: objects and glyphs alike. Without the second the encoder forgets places, and statements about them cannot be
/// learned.</summary>
/// <param name="pictures">Pictures that are learned from.</param>
internal sealed class PatchLessons(BlipNlvr model, ToyWorldSettings world, int pictures, int watched) : TrainingTask, IDisposable
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
        var (pixels, patches) = ToyRenderer.Paint(lessons.Scenes);
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
        IDisposable[] all = [head, inventory, place, rows, columns, images, held, counts];
        Array.ForEach(all, each => each.Dispose());
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
