namespace Madtp.Kit.Experiments;

/// <summary>Where experiments at the paper's scale find data sets and checkpoints, laid out as data/README.md says.</summary>
public static class PaperFolders
{
    /// <summary>Names another folder of data sets.</summary>
    public const string DataVariable = "KIT_DATA";

    /// <summary>Names another folder of checkpoints.</summary>
    public const string CheckpointsVariable = "KIT_CHECKPOINTS";

    /// <summary>The folder with <c>nlvr2</c>, <c>coco</c>, … below it: <c>KIT_DATA</c>, else the kit's <c>data</c>.</summary>
    public static string Data => Given(DataVariable) ?? KitFolder.File("data");

    /// <summary>The folder with <c>blip</c> and <c>clip</c> below it: <c>KIT_CHECKPOINTS</c>, else <c>checkpoints</c> in that of the data sets.</summary>
    public static string Checkpoints => Given(CheckpointsVariable) ?? Path.Combine(Data, "checkpoints");

    private static string? Given(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } folder ? folder : null;
}
