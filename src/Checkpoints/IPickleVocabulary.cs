namespace Madtp.Kit.Checkpoints;

/// <summary>The few names a pickle may use and what data they stand for. Everything else is refused.</summary>
internal interface IPickleVocabulary
{
    /// <summary>Whether a pickle may name this class or function.</summary>
    bool Allows(PickleGlobal global);

    /// <summary>The data that calling an allowed name stands for.</summary>
    /// <exception cref="InvalidDataException">The arguments are not what the name takes.</exception>
    object? Call(PickleGlobal global, object?[] arguments);

    /// <summary>Sets the state of an object that <see cref="Call"/> made.</summary>
    /// <exception cref="InvalidDataException">That object takes no state.</exception>
    void SetState(object? target, object? state);

    /// <summary>The data behind a persistent identifier.</summary>
    /// <exception cref="InvalidDataException">The identifier is not a storage's.</exception>
    object Resolve(object? identifier);
}
