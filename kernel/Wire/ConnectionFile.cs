using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Madtp.Kit.Kernel.Wire;

/// <summary>What Jupyter tells a kernel at its start: where to listen and the key that signs messages.</summary>
internal sealed record ConnectionFile(
    string Address, int ShellPort, int ControlPort, int StdinPort, int PublishPort, int HeartbeatPort, string Key, string Path)
{
    /// <exception cref="InvalidDataException">The file is not a connection file, or asks for what this kernel
    /// refuses.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static ConnectionFile Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"connection file '{path}' does not exist");

        return Parse(File.ReadAllText(path), path);
    }

    /// <summary>As <see cref="Read"/>, from the file's text.</summary>
    public static ConnectionFile Parse(string json, string path)
    {
        JsonObject file;
        try
        {
            file = JsonNode.Parse(
                json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) is JsonObject read
                && !read.ContainsKey("\0") ? read
                : throw new InvalidDataException($"connection file '{path}' is not a JSON object");
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException(
                $"connection file '{path}' is not JSON: {Shown(broken.Message.Split(" Path:")[0].Split(" LineNumber:")[0])}");
        }

        var transport = Text(file, "transport", path, "tcp");
        if (transport != "tcp")
        {
            throw new InvalidDataException(
                $"connection file '{path}' asks for transport '{Shown(transport)}'; this kernel speaks 'tcp'");
        }

        var scheme = Text(file, "signature_scheme", path, "hmac-sha256");
        if (scheme is not ("hmac-sha256" or ""))
        {
            throw new InvalidDataException(
                $"connection file '{path}' asks for signatures by '{Shown(scheme)}'; this kernel knows 'hmac-sha256'");
        }

        return new ConnectionFile(
            Loopback(Text(file, "ip", path, "127.0.0.1"), path),
            Port(file, "shell_port", path),
            Port(file, "control_port", path),
            Port(file, "stdin_port", path),
            Port(file, "iopub_port", path),
            Port(file, "hb_port", path),
            Text(file, "key", path, ""),
            path);
    }

    public string Endpoint(int port) => $"tcp://{Address}:{port}";

    private static string Loopback(string ip, string path)
    {
        if (ip == "localhost")
            return "127.0.0.1";

        if (!IPAddress.TryParse(ip, out var address) || !IPAddress.IsLoopback(address))
        {
            throw new InvalidDataException(
                $"connection file '{path}' asks to listen on '{Shown(ip)}'; this kernel runs whatever code it is sent, so it "
                    + $"listens on this machine alone: use 127.0.0.1");
        }

        return address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
    }

    private static string Shown(JsonNode? value)
    {
        try
        {
            return value is null ? "nothing" : Shown(value.ToJsonString());
        }
        catch (InvalidOperationException)
        {
            return "half a character";
        }
    }

    // On one line, and no longer than one.
    private static string Shown(string text) =>
        string.Concat(text.Take(100).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c))
            + (text.Length > 100 ? "…" : "");

    private static int Port(JsonObject file, string name, string path) =>
        file[name] is JsonValue value && value.TryGetValue<int>(out var port) && port is > 0 and < 65536
            ? port
            : throw new InvalidDataException(
                $"connection file '{path}': '{name}' must be a port number, 1 to 65535, found {Shown(file[name])}");

    private static string Text(JsonObject file, string name, string path, string otherwise)
    {
        try
        {
            return file[name] switch
            {
                null => otherwise,
                JsonValue value when value.TryGetValue<string>(out var text) => text,
                var other => throw new InvalidDataException(
                    $"connection file '{path}': '{name}' must be text, found {Shown(other)}"),
            };
        }
        catch (InvalidOperationException)
        {
            throw new InvalidDataException($"connection file '{path}': '{name}' must be text, found half a character");
        }
    }
}
