namespace Madtp.Kit.Figures;

/// <summary>Writes values of one type in one form, or not at all; notebooks find it by the names of its members.</summary>
internal sealed class TypeFormatter<T>(string mimeType, Func<T, string?> text)
{
    public string MimeType => mimeType;

    public bool Format(object instance, TextWriter writer)
    {
        if (instance is not T value || text(value) is not { } written)
        {
            return false;
        }

        writer.Write(written);
        return true;
    }
}
