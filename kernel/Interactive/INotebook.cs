using Madtp.Kit.Kernel.Formatting;

namespace Madtp.Kit.Kernel.Interactive;

/// <summary>What stands behind <c>display</c> and its like.</summary>
internal interface INotebook
{
    /// <summary>Cancelled when the running cell is interrupted.</summary>
    CancellationToken Token { get; }

    void Show(MimeBundle bundle, string displayId);

    void Update(MimeBundle bundle, string displayId);

    string Ask(string prompt, bool hidden);
}
