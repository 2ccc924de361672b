using Madtp.Kit.Checkpoints;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;
using Madtp.Kit.Text;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>All that a run needs to go on exactly, in a file that is whole or absent; the one before stays beside it.</summary>
/// <param name="path">Where the newest is, or is to be.</param>
internal sealed class TrainingCheckpoint(
    string path, TrainingTask task, TrainingSettings settings, AdamW optimizer, IReadOnlyList<AdamW.ParamGroup> groups)
{
    private const string RandomStateName = "random_state";

    private readonly string written = Path.ChangeExtension(path, ".written.safetensors");
    private readonly string previous = Path.ChangeExtension(path, ".previous.safetensors");

    // From the newest on.
    private string[] Candidates => [written, path, previous];

    /// <summary>Writes the newest checkpoint; the one before becomes the previous one.</summary>
    public void Write(int step, double seconds)
    {
        using var random = get_rng_state();
        var metadata = new Dictionary<string, string>(settings.Deciding)
        {
            ["step"] = step.ToString(CultureInfo.InvariantCulture),
            ["seconds"] = seconds.ToString("R", CultureInfo.InvariantCulture),
        };
        if (task.Strength is { } strength)
            metadata["strength"] = strength.ToString("R", CultureInfo.InvariantCulture);

        // At every moment two whole ones are there, whatever ends the process: Candidates knows all three names.
        var tensors = Tensors().Append((RandomStateName, random)).ToDictionary(t => t.Item1, t => t.Item2);
        SafetensorsWriter.Write(written, tensors, metadata);
        if (File.Exists(path))
            File.Move(path, previous, overwrite: true);

        File.Move(written, path);
    }

    /// <summary>Restores everything from the newest checkpoint that is whole.</summary>
    /// <param name="totalSteps">Steps of the whole run.</param>
    /// <returns>The step that the run stands at, the seconds it took, and what is to be told; null where there is none.</returns>
    /// <exception cref="InvalidDataException">None can be used; the message is about the newest.</exception>
    public (int Step, double Seconds, string? Notice)? ReadNewest(int totalSteps)
    {
        InvalidDataException? first = null;
        var damaged = new List<string>();
        foreach (var candidate in Candidates.Where(File.Exists))
        {
            try
            {
                var (step, seconds) = Read(candidate, totalSteps);
                damaged.ForEach(file => File.Move(file, $"{file}.damaged", overwrite: true));
                var where = $"going on from step {step} of {Path.GetFileName(candidate)}";
                return (step, seconds, first is null ? null : $"{first.Message}; {where}");
            }
            catch (InvalidDataException e)
            {
                first ??= e;
                damaged.Add(candidate);
            }
        }

        return first is null ? null : throw first;
    }

    /// <summary>Deletes all checkpoints.</summary>
    public void Delete() => Array.ForEach(Candidates, File.Delete);

    // Returns the step the run stands at and the seconds it took.
    private (int Step, double Seconds) Read(string candidate, int totalSteps)
    {
        using var file = CheckpointFile.Open(candidate);
        Check(file);
        using (no_grad())
        {
            foreach (var (name, tensor) in Tensors())
                Copy(file, name, tensor);

            foreach (var (name, state) in States().ToArray())
                state.step = file[$"optimizer.{name}.step"].ToArray<long>()[0];
        }

        RestoreRandomState(file);
        if (file.Metadata.ContainsKey("strength"))
            task.Strength = Number(file, "strength");

        var step = Number(file, "step");
        return step >= 0 && step <= totalSteps && step == Math.Floor(step)
            ? ((int)step, Number(file, "seconds"))
            : throw Damaged(file, $"its step is {file.Metadata["step"]}, the run has {totalSteps}");
    }

    // Nothing of the kit's own files may be renamed, resized or rounded.
    private static void Copy(CheckpointFile file, string name, Tensor target)
    {
        var entry = file[name];
        Guard.Data(entry.Shape.SequenceEqual(target.shape) && entry.Type == target.dtype,
            $"'{file.Path}': tensor '{name}' is {entry.Type} [{string.Join(", ", entry.Shape)}], the model needs "
            + $"{target.dtype} [{string.Join(", ", target.shape)}]");
        using var read = entry.ToTensor();
        target.copy_(read);
    }

    private static void RestoreRandomState(CheckpointFile file)
    {
        var entry = file[RandomStateName];
        try
        {
            RandomState.Restore(entry.Type == ScalarType.Byte ? entry.ToArray<byte>() : []);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(file, e.Message);
        }
    }

    private static double Number(CheckpointFile file, string name) =>
        double.TryParse(file.Metadata.GetValueOrDefault(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number) ? number
            : throw Damaged(file, $"its metadata has {(file.Metadata.ContainsKey(name) ? "no number as" : "no")} '{name}'");

    private static InvalidDataException Damaged(CheckpointFile file, string what) =>
        new($"{file.Path} is damaged: {what}");

    private void Check(CheckpointFile file)
    {
        Guard.Data(file.Metadata.ContainsKey("step"), $"'{file.Path}' is no checkpoint of a training");
        string[] differing =
        [
            .. from own in settings.Deciding let was = file.Metadata.GetValueOrDefault(own.Key) where was != own.Value
               select $"{own.Key} was {(was is null ? "not set" : Printable.Quoted(was))}",
        ];
        Guard.Data(differing.Length == 0, $"'{file.Path}' was made with other settings ({string.Join(", ", differing)}); "
            + $"train with those, or begin anew without resuming");
    }

    private IEnumerable<(string Name, Tensor Tensor)> Tensors() =>
    [
        .. from part in task.Modules from own in part.Module.state_dict() select ($"{part.Name}.{own.Key}", own.Value),
        .. from own in task.State select ($"task.{own.Name}", own.Tensor),
        .. States().SelectMany(own => new[]
        {
            ($"optimizer.{own.Name}.exp_avg", own.State.exp_avg),
            ($"optimizer.{own.Name}.exp_avg_sq", own.State.exp_avg_sq),
            ($"optimizer.{own.Name}.step", tensor(new[] { own.State.step })),
        }),
    ];

    // The optimizer lists its states in the order of the groups' parameters.
    private IEnumerable<(string Name, AdamW.State State)> States()
    {
        var names = task.Parameters().ToDictionary(p => p.Parameter.Handle, p => p.Name);
        var ordered = groups.SelectMany(group => group.Parameters).Select(parameter => names[parameter.Handle]);
        return ordered.Zip(optimizer.state_dict().State.Cast<AdamW.State>());
    }
}
