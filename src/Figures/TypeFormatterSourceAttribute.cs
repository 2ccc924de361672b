namespace Madtp.Kit.Figures;

/// <summary>
/// Names the class whose <c>CreateTypeFormatters()</c> says how notebooks show a type. Notebook kernels go by this attribute's
/// name, so the library needs no reference to any of them.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    public Type FormatterSourceType => formatterSourceType;

    public string[] PreferredMimeTypes { get; set; } = [];
}
