using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Wire;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

public class ConnectionFileTests
{
    [Theory]
    [InlineData("127.0.0.1", "tcp://127.0.0.1:5")]
    [InlineData("127.8.9.10", "tcp://127.8.9.10:5")]
    [InlineData("localhost", "tcp://127.0.0.1:5")]
    [InlineData("::1", "tcp://[::1]:5")]
    public void Loopback_addresses_are_taken(string ip, string endpoint) => Assert.Equal(endpoint, Parse("ip", ip).Endpoint(5));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("*")]
    [InlineData("192.168.1.5")]
    [InlineData("::")]
    [InlineData("example.org")]
    public void Any_other_address_is_refused(string ip) => Assert.Contains($"'{ip}'", Assert.Throws<InvalidDataException>(() => Parse("ip", ip)).Message);

    [Theory]
    [InlineData("transport", "ipc")]
    [InlineData("signature_scheme", "hmac-md5")]
    [InlineData("shell_port", 0)]
    [InlineData("hb_port", 70000)]
    [InlineData("iopub_port", "many")]
    [InlineData("key", 5)]
    public void What_the_kernel_cannot_do_is_named(string name, object value)
    {
        var message = Assert.Throws<InvalidDataException>(() => Parse(name, JsonValue.Create(value))).Message;
        Assert.Contains("given.json", message);
        Assert.Contains(value.ToString()!, message);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{\"ip\": \"127.0.0.1\", \"ip\": \"0.0.0.0\"}")]
    [InlineData("{\"transport\": \"\\ud800\"}")]
    [InlineData("{\"\\ud800\": 1}")]
    public void What_is_no_connection_file_is_refused(string text)
    {
        var message = Assert.Throws<InvalidDataException>(() => ConnectionFile.Parse(text, "given.json")).Message;
        Assert.Contains("connection file 'given.json'", message);
        Assert.DoesNotContain('\n', message);
    }

    private static ConnectionFile Parse(string name, JsonNode? value)
    {
        var json = new JsonObject { ["transport"] = "tcp", ["ip"] = "127.0.0.1", ["shell_port"] = 1, ["control_port"] = 2, ["stdin_port"] = 3, ["iopub_port"] = 4, ["hb_port"] = 5, ["key"] = "k", ["signature_scheme"] = "hmac-sha256" };
        json[name] = value;
        return ConnectionFile.Parse(json.ToJsonString(), "given.json");
    }
}
