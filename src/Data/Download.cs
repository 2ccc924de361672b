using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net;
using System.Security.Cryptography;

namespace Madtp.Kit.Data;

/// <summary>
/// Fetches a file over HTTP. It grows under a temporary name and gets its own only when it is whole and its size and checksum
/// are right. What was fetched before a break, or by an earlier run, is not fetched again.
/// </summary>
/// <param name="client">Sends the requests.</param>
/// <param name="settings">How patient it is.</param>
public sealed class Download(HttpClient client, DownloadSettings? settings = null)
{
    internal const string PartSuffix = ".part";
    private const string TagSuffix = ".part.tag";
    private readonly DownloadSettings settings = settings ?? new DownloadSettings();

    /// <summary>Fetches one file.</summary>
    /// <param name="file">Where from, and what it must be.</param>
    /// <param name="path">Where to.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops it; what was fetched stays for next time.</param>
    /// <exception cref="InvalidDataException">The server's file has another size or checksum than it must.</exception>
    /// <exception cref="IOException">The server refuses, or breaks off again and again.</exception>
    public async Task FetchAsync(DataFile file, string path, IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var url = new Uri(file.Url ?? throw new ArgumentException($"'{file.Path}' has no address", nameof(file)));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        await ReceiveAllAsync(url, file, path, progress, cancellation);
        await VerifyAsync(url, file, path, cancellation);
        File.Move(path + PartSuffix, path, overwrite: true);
        File.Delete(path + TagSuffix);
    }

    private async Task ReceiveAllAsync(Uri url, DataFile file, string path, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        var furthest = Length(path + PartSuffix);
        for (var failures = 0; ;)
        {
            try
            {
                await ReceiveAsync(url, file, path, progress, cancellation);
                return;
            }
            catch (Exception e) when (IsPassing(e, cancellation))
            {
                var reached = Length(path + PartSuffix);
                failures = reached > furthest ? 1 : failures + 1;
                furthest = Math.Max(furthest, reached);
                if (failures >= settings.Attempts)
                {
                    throw new IOException($"{url}: broken off {failures} times after {reached:N0} bytes ({e.Message}); the same command goes on from there", e);
                }

                await Task.Delay(settings.Pause * Math.Pow(2, failures - 1), cancellation);
            }
        }
    }

    /// <summary>One request: from where the part ends to the file's end.</summary>
    private async Task ReceiveAsync(Uri url, DataFile file, string path, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        var have = Resumable(file, path);
        if (have == file.Bytes)
        {
            return;
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (have > 0)
        {
            request.Headers.Range = new RangeHeaderValue(have, null);
            request.Headers.TryAddWithoutValidation("If-Range", Tag(path));
        }

        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(settings.Silence);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
        have = Accept(response, url, path, have);
        var total = Total(response, have);
        if (file.Bytes is { } wanted && total is { } said && said != wanted)
        {
            throw new InvalidDataException($"{url}: the server's file has {said:N0} bytes, not {wanted:N0}; it is another one");
        }

        await File.WriteAllTextAsync(path + TagSuffix, TagOf(response), cancellation);
        await CopyAsync(response, url, path, have, file.Bytes ?? total, progress, silence);
    }

    /// <summary>How much of an earlier part can be used: all of it, or nothing where it may belong to another version of the
    /// file.</summary>
    private static long Resumable(DataFile file, string path)
    {
        var have = Length(path + PartSuffix);
        return have <= (file.Bytes ?? long.MaxValue) && (file.Sha256 is not null || !string.IsNullOrEmpty(Tag(path))) ? have : 0;
    }

    /// <summary>Where the answer's bytes begin.</summary>
    private static long Accept(HttpResponseMessage response, Uri url, string path, long have)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK:
                return 0; // the whole file: the server does not resume, or its file has changed
            case HttpStatusCode.PartialContent when response.Content.Headers.ContentRange?.From == have:
                return have;
            case HttpStatusCode.PartialContent:
                throw new InvalidDataException($"{url}: asked for the bytes from {have}, the server sent {response.Content.Headers.ContentRange}");
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                File.Delete(path + PartSuffix); // longer than the file: begin again
                throw new HttpIOException(HttpRequestError.InvalidResponse, "the part was longer than the file");
            case HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError:
                throw new HttpIOException(HttpRequestError.InvalidResponse, $"the server answers {(int)response.StatusCode} {response.ReasonPhrase}");
            default:
                throw new InvalidDataException($"{url}: the server answers {(int)response.StatusCode} {response.ReasonPhrase}");
        }
    }

    private async Task CopyAsync(HttpResponseMessage response, Uri url, string path, long have, long? total, IProgress<DownloadProgress>? progress, CancellationTokenSource silence)
    {
        await using var body = await response.Content.ReadAsStreamAsync(silence.Token);
        await using var part = new FileStream(path + PartSuffix, have > 0 ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read);
        var buffer = new byte[1 << 16];
        var at = have;
        progress?.Report(new DownloadProgress(at, total));
        while (true)
        {
            silence.CancelAfter(settings.Silence);
            var read = await body.ReadAsync(buffer, silence.Token);
            if (read == 0)
            {
                break;
            }

            at += read;
            if (at > total)
            {
                throw new InvalidDataException($"{url}: the server sends more than the {total:N0} bytes of the file");
            }

            await part.WriteAsync(buffer.AsMemory(0, read), silence.Token);
            progress?.Report(new DownloadProgress(at, total));
        }

        if (at < total)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, $"{at:N0} of {total:N0} bytes came");
        }
    }

    private static async Task VerifyAsync(Uri url, DataFile file, string path, CancellationToken cancellation)
    {
        if (file.Sha256 is null)
        {
            return;
        }

        string found;
        await using (var stream = File.OpenRead(path + PartSuffix))
        {
            found = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
        }

        if (found != file.Sha256)
        {
            File.Delete(path + PartSuffix);
            File.Delete(path + TagSuffix);
            throw new InvalidDataException($"{url}: the content's SHA-256 is {found}, not {file.Sha256}; it was thrown away");
        }
    }

    // What may be better next time: a broken connection, a silent or overloaded server. Not: a wrong file, a full disk, or the
    // user's own stop.
    private static bool IsPassing(Exception e, CancellationToken cancellation)
        => !cancellation.IsCancellationRequested
            && (e is HttpRequestException or HttpIOException or OperationCanceledException || (e is IOException && e.InnerException is SocketException));

    private static long? Total(HttpResponseMessage response, long have)
        => response.Content.Headers.ContentRange?.Length ?? (response.Content.Headers.ContentLength is { } length ? have + length : null);

    // Proves that a later answer continues the same version of the file.
    private static string TagOf(HttpResponseMessage response)
        => response.Headers.ETag is { IsWeak: false } tag ? tag.ToString() : response.Content.Headers.LastModified?.ToString("R") ?? string.Empty;

    private static string? Tag(string path) => File.Exists(path + TagSuffix) ? File.ReadAllText(path + TagSuffix) : null;

    private static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;
}

/// <summary>How patient a download is.</summary>
public sealed record DownloadSettings
{
    /// <summary>How many times in a row it may fail without having got further.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>How long it waits after the first failure; twice as long after each further one.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the server may be silent.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>How far a download is.</summary>
/// <param name="Bytes">Bytes that are on the disk.</param>
/// <param name="Total">Bytes of the whole file, where known.</param>
public readonly record struct DownloadProgress(long Bytes, long? Total);
