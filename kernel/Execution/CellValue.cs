namespace Madtp.Kit.Kernel.Execution;

/// <summary>What a cell's last expression gave.</summary>
internal readonly record struct CellValue(object? Value, bool Exists)
{
    public static CellValue None => default;
}
