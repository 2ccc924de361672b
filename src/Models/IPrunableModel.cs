namespace Madtp.Kit.Models;

/// <summary>A model that names the inner widths that parameters can be taken out of.</summary>
public interface IPrunableModel
{
    /// <summary>The widths, encoder by encoder and layer by layer.</summary>
    IReadOnlyList<PrunableWidth> PrunableWidths { get; }

    /// <summary>Makes momentum copies equal to what learns, in a model that has such copies.</summary>
    void RestartCopies()
    {
    }
}
