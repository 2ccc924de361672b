namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>Every parameter and persistent buffer under its path; the tensors are the module's own.</summary>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                foreach (var (parameterName, parameter) in _internal_params)
                {
                    destination.TryAdd(Path(prefix, parameterName), parameter);
                }

                foreach (var (bufferName, (buffer, persistent)) in _internal_buffers)
                {
                    if (persistent)
                    {
                        destination.TryAdd(Path(prefix, bufferName), buffer);
                    }
                }

                foreach (var (childName, child) in _internal_submodules)
                {
                    child.state_dict(destination, Path(prefix, childName));
                }

                return destination;
            }

            /// <summary>Copies <paramref name="source"/>'s numbers into this module's tensors of the same names.</summary>
            /// <exception cref="InvalidOperationException">Names differ and <paramref name="strict"/> is true.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                skip ??= [];
                var own = state_dict();
                var missing = own.Keys.Where(key => !skip.Contains(key) && !source.ContainsKey(key)).ToList();
                var unexpected = source.Keys.Where(key => !skip.Contains(key) && !own.ContainsKey(key)).ToList();
                if (strict && (missing.Count > 0 || unexpected.Count > 0))
                {
                    throw new InvalidOperationException(
                        $"The loaded state_dict is not identical to the target dictionary: missing [{string.Join(", ", missing)}], unexpected [{string.Join(", ", unexpected)}].");
                }

                using var unrecorded = no_grad();
                foreach (var (key, tensor) in source.Where(entry => !skip.Contains(entry.Key) && own.ContainsKey(entry.Key)))
                {
                    Fill(key, own[key], tensor);
                }

                return (missing, unexpected);
            }

            private static string Path(string? prefix, string name) => string.IsNullOrEmpty(prefix) ? name : $"{prefix}.{name}";

            // copy_ would broadcast a shape that merely fits.
            private static void Fill(string key, Tensor target, Tensor source)
            {
                if (!target.shape.AsSpan().SequenceEqual(source.shape))
                {
                    throw new ArgumentException(
                        $"{key} has the shape [{string.Join(", ", target.shape)}] here and [{string.Join(", ", source.shape)}] in the loaded state_dict");
                }

                target.copy_(source);
            }
        }
    }
}
