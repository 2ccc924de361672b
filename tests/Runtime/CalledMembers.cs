using System.Buffers.Binary;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Madtp.Kit.Tests.Runtime;

/// <summary>What the methods of a built assembly call, read from their instructions.</summary>
internal static class CalledMembers
{
    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>Every method that calls another, or takes its address, by full names ("Namespace.Type+Nested.Method").</summary>
    public static IReadOnlyList<(string Caller, string Called)> Of(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        var calls = new List<(string, string)>();
        foreach (var handle in metadata.MethodDefinitions)
        {
            var method = metadata.GetMethodDefinition(handle);
            if (method.RelativeVirtualAddress == 0)
                continue;

            var caller = Name(metadata, handle);
            var instructions = file.GetMethodBody(method.RelativeVirtualAddress).GetILContent().AsSpan();
            foreach (var called in Tokens(instructions))
                calls.Add((caller, Name(metadata, MetadataTokens.EntityHandle(called))));
        }

        return calls;
    }

    // The operands that name a method or a field.
    private static List<int> Tokens(ReadOnlySpan<byte> instructions)
    {
        var tokens = new List<int>();
        for (var at = 0; at < instructions.Length;)
        {
            short value = instructions[at++];
            if (value == 0xFE)
                value = (short)((0xFE << 8) | instructions[at++]);

            var operand = Codes[value].OperandType;
            if (operand is OperandType.InlineMethod)
                tokens.Add(BinaryPrimitives.ReadInt32LittleEndian(instructions[at..]));

            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BinaryPrimitives.ReadInt32LittleEndian(instructions[at..])),
                _ => 4,
            };
        }

        return tokens;
    }

    private static string Name(MetadataReader metadata, EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.MethodDefinition:
                var method = metadata.GetMethodDefinition((MethodDefinitionHandle)handle);
                return $"{Name(metadata, method.GetDeclaringType())}.{metadata.GetString(method.Name)}";
            case HandleKind.MemberReference:
                var member = metadata.GetMemberReference((MemberReferenceHandle)handle);
                return $"{Name(metadata, member.Parent)}.{metadata.GetString(member.Name)}";
            case HandleKind.MethodSpecification:
                return Name(metadata, metadata.GetMethodSpecification((MethodSpecificationHandle)handle).Method);
            case HandleKind.TypeDefinition:
                var type = metadata.GetTypeDefinition((TypeDefinitionHandle)handle);
                return type.GetDeclaringType() is { IsNil: false } outer
                    ? $"{Name(metadata, outer)}+{metadata.GetString(type.Name)}" : Qualified(metadata, type.Namespace, type.Name);
            case HandleKind.TypeReference:
                var reference = metadata.GetTypeReference((TypeReferenceHandle)handle);
                return reference.ResolutionScope.Kind == HandleKind.TypeReference
                    ? $"{Name(metadata, reference.ResolutionScope)}+{metadata.GetString(reference.Name)}"
                    : Qualified(metadata, reference.Namespace, reference.Name);
            case HandleKind.TypeSpecification:
                var signature = metadata.GetBlobReader(metadata.GetTypeSpecification((TypeSpecificationHandle)handle).Signature);
                return signature.ReadSignatureTypeCode() == SignatureTypeCode.GenericTypeInstance && signature.ReadByte() > 0
                    ? Name(metadata, signature.ReadTypeHandle()) : "?";
            default:
                return "?";
        }
    }

    private static string Qualified(MetadataReader metadata, StringHandle space, StringHandle name) =>
        space.IsNil ? metadata.GetString(name) : $"{metadata.GetString(space)}.{metadata.GetString(name)}";
}
