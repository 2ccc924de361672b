namespace Madtp.Kit.Data.Vqa;

/// <summary>Questions in one of the forms they are published in.</summary>
internal interface IVqaSource : IDisposable
{
    int Count { get; }

    VqaExample this[int index] { get; }
}
