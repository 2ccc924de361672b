using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Kernel.Wire;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

public class MessageSignerTests
{
    // RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?".
    [Fact]
    public void Signatures_are_hmac_sha256_over_the_parts_in_order() => Assert.Equal(
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        Encoding.ASCII.GetString(new MessageSigner("Jefe").Sign(Bytes("what do "), Bytes("ya want "), Bytes("for "), Bytes("nothing?"))));

    [Fact]
    public void A_signature_is_good_once_and_only_for_its_key_and_parts() => Prop.ForAll<string, string>((key, text) =>
    {
        var (signer, other) = (new MessageSigner("k" + key), new MessageSigner("k" + key + "!"));
        var part = Bytes(text ?? "");
        var signature = signer.Sign(part, part, part, part);
        return other.Refusal(signature, part, part, part, part) is not null
            && signer.Refusal(signature, part, part, part, Bytes(text + "x")) is not null
            && signer.Refusal(signature[..^1], part, part, part, part) is not null
            && signer.Refusal(signature, part, part, part, part) is null
            && signer.Refusal(signature, part, part, part, part) is not null;
    }).Check(Config.QuickThrowOnFailure.WithReplay(1, 3));

    [Fact]
    public void Without_a_key_nothing_is_signed_and_nothing_refused()
    {
        var signer = new MessageSigner("");
        Assert.Empty(signer.Sign([1], [2], [3], [4]));
        Assert.Null(signer.Refusal([], [1], [2], [3], [4]));
        Assert.Null(signer.Refusal([], [1], [2], [3], [4]));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
