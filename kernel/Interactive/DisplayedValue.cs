using Madtp.Kit.Kernel.Formatting;
using Madtp.Kit.Kernel.Interactive;

namespace Microsoft.DotNet.Interactive.Formatting;

/// <summary>A value that is on display, and can be replaced there.</summary>
public class DisplayedValue
{
    private readonly string[] mimeTypes;

    internal DisplayedValue(object? value, MimeBundle bundle, string displayId, string[] mimeTypes)
    {
        Value = value;
        DisplayId = displayId;
        this.mimeTypes = mimeTypes;
        FormattedValues = bundle.Values;
    }

    /// <summary>What Jupyter knows this display by.</summary>
    public string DisplayId { get; }

    public object? Value { get; private set; }

    public IReadOnlyList<FormattedValue> FormattedValues { get; private set; }

    public bool IsUpdated { get; private set; }

    /// <summary>Shows another value in the place of this one.</summary>
    public void Update(object? updatedValue)
    {
        var bundle = MimeBundle.From(updatedValue, mimeTypes);
        Value = updatedValue;
        FormattedValues = bundle.Values;
        IsUpdated = true;
        Notebook.Current.Update(bundle, DisplayId);
    }
}
