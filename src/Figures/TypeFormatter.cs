namespace Madtp.Kit.Figures;

/// <summary>Writes values of one type in one form; notebooks find it by the names of its members.</summary>
internal sealed class TypeFormatter<T>(string mimeType, Func<T, string?> text)
{
    public string MimeType => mimeType;

    /// <summary>Writes nothing where a value has no such form: a refusal would bring the kernel's own for any object.</summary>
    public bool Format(object instance, TextWriter writer)
    {
        if (instance is not T value)
        {
            return false;
        }

        writer.Write(text(value));
        return true;
    }
}
