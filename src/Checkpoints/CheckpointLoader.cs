using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// Fills a model from a checkpoint file of any kind the kit reads: names are mapped, half precision becomes the model's own type,
/// an image encoder's position embedding is resized to the model's image size. What does not fit is listed by name, never skipped silently.
/// </summary>
public static class CheckpointLoader
{
    /// <summary>Opens a file and fills a module's parameters and buffers from it.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is not a checkpoint, or is damaged.</exception>
    public static LoadReport Load(nn.Module module, string path)
    {
        using var file = CheckpointFile.Open(path);
        return Load(module.state_dict(), file);
    }

    /// <summary>Fills named tensors, on any device, from an open file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static LoadReport Load(IReadOnlyDictionary<string, Tensor> targets, CheckpointFile file)
    {
        using var unrecorded = no_grad();
        var source = StateDictionary.Read(file, targets.Keys);
        var plan = new Plan(source);
        foreach (var (name, target) in targets)
        {
            plan.Consider(name, target);
        }

        return plan.Carry(file);
    }

    private sealed class Plan(StateDictionary source)
    {
        private readonly TensorCopy copy = new();
        private readonly List<(Tensor Target, Tensor Staged)> staged = [];
        private readonly List<string> loaded = [];
        private readonly List<string> missing = [];
        private readonly List<ShapeMismatch> misShaped = [];
        private readonly List<string> notes = [];
        private readonly HashSet<string> used = [];

        public void Consider(string name, Tensor target)
        {
            var found = WantedNames.Candidates(name).FirstOrDefault(source.Tensors.ContainsKey);
            if (found is null)
            {
                if (!WantedNames.IsComputed(name))
                {
                    missing.Add(name);
                }

                return;
            }

            used.Add(found);
            var recipe = source.Tensors[found];
            if (recipe.Shape.SequenceEqual(target.shape))
            {
                Place(recipe, target);
            }
            else if (PositionEmbedding.IsNamed(name) && PositionEmbedding.CanFit(recipe.Shape, target.shape))
            {
                Resize(name, recipe, target);
            }
            else
            {
                if (!WantedNames.IsComputed(name))
                {
                    misShaped.Add(new ShapeMismatch(name, target.shape, recipe.Shape));
                }

                return;
            }

            loaded.Add(name);
            if (found != name)
            {
                notes.Add($"{name} from {found}");
            }
        }

        public LoadReport Carry(CheckpointFile file)
        {
            copy.Run();
            foreach (var (target, from) in staged)
            {
                using (from)
                {
                    target.copy_(from);
                }
            }

            return new LoadReport
            {
                Path = file.Path,
                Dialect = source.Dialect,
                Loaded = loaded,
                Missing = missing,
                Unexpected = [.. source.Tensors.Keys.Where(name => !used.Contains(name) && !WantedNames.IsComputed(name) && !WantedNames.IsDescription(name))],
                MisShaped = misShaped,
                Notes = notes,
            };
        }

        private void Place(TensorRecipe recipe, Tensor target)
        {
            if (target.device_type == TorchSharp.DeviceType.CPU && target.is_contiguous())
            {
                copy.Add(recipe, target);
                return;
            }

            var stage = empty(target.shape, dtype: target.dtype);
            copy.Add(recipe, stage);
            staged.Add((target, stage));
        }

        private void Resize(string name, TensorRecipe recipe, Tensor target)
        {
            using var stored = empty([.. recipe.Shape], dtype: ScalarType.Float32);
            var single = new TensorCopy();
            single.Add(recipe, stored);
            single.Run();
            using var fitted = PositionEmbedding.Fit(stored, target.shape[^2]);
            target.copy_(fitted);
            notes.Add($"{name} resized from {recipe.Shape[^2]} to {target.shape[^2]} tokens");
        }
    }
}
