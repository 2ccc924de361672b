using System.Net.Sockets;
using System.Net;
using System.Text;

namespace Madtp.Kit.Tests.Data;

/// <summary>A server on the loopback interface that answers each request just as the test says, rules of HTTP or not.</summary>
internal sealed class RudeServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<int, IReadOnlyDictionary<string, string>, Answer> answer;
    private readonly Task loop;

    /// <summary>Answers the n-th request (from 0), given its headers by lower-case name.</summary>
    public RudeServer(Func<int, IReadOnlyDictionary<string, string>, Answer> answer)
    {
        this.answer = answer;
        listener.Start();
        loop = Task.Run(ServeAsync);
    }

    public List<string> Ranges { get; } = [];

    public string Url => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/file";

    public void Dispose()
    {
        listener.Stop();
        loop.Wait();
    }

    private async Task ServeAsync()
    {
        for (var number = 0; ; number++)
        {
            TcpClient client;
            try
            {
                client = await listener.AcceptTcpClientAsync();
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                return;
            }

            using (client)
                await AnswerAsync(client, number);
        }
    }

    private async Task AnswerAsync(TcpClient client, int number)
    {
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var headers = new Dictionary<string, string>();
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            var parts = line.Split(": ", 2);
            headers[parts[0].ToLowerInvariant()] = parts.Length == 2 ? parts[1] : string.Empty;
        }

        Ranges.Add(headers.GetValueOrDefault("range", string.Empty));
        var reply = answer(number, headers);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {reply.Status}\r\n{string.Concat(reply.Headers.Select(h => h + "\r\n"))}Connection: close\r\n\r\n"));
        try
        {
            await stream.WriteAsync(reply.Body);
            if (reply.ThenSilence > TimeSpan.Zero)
            {
                // Until the other side hangs up: one request is answered after the other.
                await Task.WhenAny(Task.Delay(reply.ThenSilence), reader.ReadLineAsync());
            }
        }
        catch (IOException)
        {
            // The other side has seen enough.
        }
    }

    /// <summary>One answer, sent as it is.</summary>
    internal sealed record Answer(string Status, byte[] Body, params string[] Headers)
    {
        public TimeSpan ThenSilence { get; init; }
    }
}
