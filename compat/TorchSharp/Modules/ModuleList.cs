using System.Collections;
using System.Globalization;

namespace TorchSharp.Modules
{
    /// <summary>Modules under the names 0, 1, 2 and so on.</summary>
    public class ModuleList<T> : torch.nn.Module, IList<T>
        where T : torch.nn.Module
    {
        private readonly List<T> items = [];

        public ModuleList(params T[] modules)
            : base(nameof(ModuleList<T>))
        {
            items.AddRange(modules);
        }

        public int Count => items.Count;

        public bool IsReadOnly => false;

        public T this[int index]
        {
            get => items[index];
            set => Change(() => items[index] = value);
        }

        public void Add(T item) => Change(() => items.Add(item));

        public void Insert(int index, T item) => Change(() => items.Insert(index, item));

        public bool Remove(T item)
        {
            var removed = false;
            Change(() => removed = items.Remove(item));
            return removed;
        }

        public void RemoveAt(int index) => Change(() => items.RemoveAt(index));

        public void Clear() => Change(items.Clear);

        public bool Contains(T item) => items.Contains(item);

        public int IndexOf(T item) => items.IndexOf(item);

        public void CopyTo(T[] array, int arrayIndex) => items.CopyTo(array, arrayIndex);

        public IEnumerator<T> GetEnumerator() => items.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        protected override void RegisterComponents()
        {
            if (_internal_submodules.Count == items.Count)
            {
                return;
            }

            ClearModules();
            for (var i = 0; i < items.Count; i++)
            {
                register_module(i.ToString(CultureInfo.InvariantCulture), items[i]);
            }
        }

        // Names are positions, so a change renames what follows.
        private void Change(Action change)
        {
            change();
            ClearModules();
            RegisterComponents();
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.ModuleList<T> ModuleList<T>(params T[] modules)
                where T : Module
                => new(modules);
        }
    }
}
