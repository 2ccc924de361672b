using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Madtp.Kit.Data;

/// <summary>Fetches data sets over HTTP. A file grows under a temporary name and gets its own only when it is whole and its size
/// and checksum are right. What was fetched before a break, or by an earlier run, is not fetched again.</summary>
public sealed class Download(HttpClient client)
{
    internal const string PartSuffix = ".part";
    private const string TagSuffix = ".part.tag";

    /// <summary>How many times in a row it may fail without having got further.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>How long it waits after the first failure; twice as long after each further one.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the server may be silent.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Fetches and unpacks what is missing of a data set; what is there already is left alone.</summary>
    /// <param name="cancellation">Stops it; what was fetched stays for next time.</param>
    /// <returns>How many files were fetched or unpacked.</returns>
    /// <exception cref="InvalidDataException">A file is another than it must be, or an archive is broken.</exception>
    /// <exception cref="IOException">The server refuses, or breaks off again and again.</exception>
    public async Task<int> FetchAsync(
        DataSource source, string data, IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        var folder = Path.Combine(data, source.Folder);
        var fetched = 0;
        foreach (var file in source.Files.Where(file => file.Url is not null))
        {
            var (path, isArchive) = (Path.Combine(folder, file.Path), file.Holds.Count > 0);
            var isThere = File.Exists(path) && (file.Bytes is not { } bytes || new FileInfo(path).Length == bytes)
                && (file.Sha256 is null || await Sha256Async(path, cancellation) == file.Sha256);
            var isUnpacked = isArchive && !File.Exists(path) && file.Holds.All(held => Path.Exists(Path.Combine(folder, held)));
            if (isUnpacked || (isThere && !isArchive))
                continue;

            if (!isThere)
                await FetchAsync(file, path, progress, cancellation);

            if (isArchive)
            {
                progress?.Report(new DownloadProgress(file.Path, "unpacking", 0, null));
                await UnpackAsync(path, folder, isOurs: !isThere, cancellation);
                File.Delete(path); // last: as long as the archive is there, unpacking is not known to be finished
            }

            fetched++;
        }

        return fetched;
    }

    /// <summary>Unpacks a ZIP archive over what is there.</summary>
    /// <param name="isOurs">Whether it was fetched just now: then a broken one, such as a page that asks to log in, is thrown
    /// away.</param>
    /// <exception cref="InvalidDataException">It is broken.</exception>
    /// <exception cref="IOException">An entry would leave the folder, or cannot be written.</exception>
    internal static async Task UnpackAsync(string path, string folder, bool isOurs, CancellationToken cancellation = default)
    {
        try
        {
            await ZipFile.ExtractToDirectoryAsync(path, folder, overwriteFiles: true, cancellation);
        }
        catch (InvalidDataException e)
        {
            if (isOurs)
                File.Delete(path);

            throw new InvalidDataException($"{path}: not a ZIP archive, or a broken one ({e.Message.TrimEnd('.')}); "
                + $"{(isOurs ? "it was thrown away" : "delete it")}, and the same command fetches it anew", e);
        }
        catch (IOException e)
        {
            throw new IOException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Fetches one file.</summary>
    /// <exception cref="InvalidDataException">The server's file has another size or checksum than it must.</exception>
    /// <exception cref="IOException">The server refuses, or breaks off again and again.</exception>
    public async Task FetchAsync(
        DataFile file, string path, IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        var url = new Uri(file.Url ?? throw new ArgumentException($"'{file.Path}' has no address", nameof(file)));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var furthest = Length(path);
        for (var failures = 0; ;)
        {
            try
            {
                await ReceiveAsync(url, file, path, progress, cancellation);
                break;
            }
            catch (Exception e) when (IsPassing(e, cancellation))
            {
                var reached = Length(path);
                failures = reached > furthest ? 1 : failures + 1;
                furthest = Math.Max(furthest, reached);
                if (failures >= Attempts)
                {
                    throw new IOException(
                        $"{url}: broken off {failures} times after {reached:N0} bytes ({e.Message}); "
                            + "the same command goes on from there", e);
                }

                await Task.Delay(Pause * Math.Pow(2, failures - 1), cancellation);
            }
        }

        if (file.Sha256 is { } wanted && await Sha256Async(path + PartSuffix, cancellation) is var found && found != wanted)
        {
            File.Delete(path + PartSuffix);
            File.Delete(path + TagSuffix);
            throw new InvalidDataException($"{url}: the content's SHA-256 is {found}, not {wanted}; it was thrown away");
        }

        File.Move(path + PartSuffix, path, overwrite: true);
        File.Delete(path + TagSuffix);
    }

    internal static async Task<string> Sha256Async(string path, CancellationToken cancellation = default)
    {
        await using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
    }

    /// <summary>One request: from where the part ends to the file's end.</summary>
    private async Task ReceiveAsync(
        Uri url, DataFile file, string path, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        // An earlier part is gone on with only where its version of the file is known, or the whole will be checked.
        var tag = File.Exists(path + TagSuffix) ? await File.ReadAllTextAsync(path + TagSuffix, cancellation) : string.Empty;
        var have = Length(path);
        have = have <= (file.Bytes ?? long.MaxValue) && (file.Sha256 is not null || tag.Length > 0) ? have : 0;
        if (have == file.Bytes)
            return;

        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (have > 0)
        {
            request.Headers.Range = new RangeHeaderValue(have, null);
            if (tag.Length > 0)
                request.Headers.TryAddWithoutValidation("If-Range", tag);
        }

        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(Timeout);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
        var isBeyond = have > 0 && response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable;
        if (isBeyond && response.Content.Headers.ContentRange?.Length == have)
            return; // the part was whole when its process died

        have = Accept(response, url, path, have);
        var headers = response.Content.Headers;
        var total = headers.ContentRange?.Length ?? (headers.ContentLength is { } length ? have + length : null);
        Guard.Data(headers.ContentType?.MediaType != "text/html",
            $"{url}: the server sends a page instead of the file, perhaps to log in to a network: look at it in a browser");
        Guard.Data(file.Bytes is null || total is null || total == file.Bytes,
            $"{url}: the server's file has {total:N0} bytes, not {file.Bytes:N0}; it is another one");

        tag = response.Headers.ETag is { IsWeak: false } strong ? strong.ToString() : headers.LastModified?.ToString("R");
        await File.WriteAllTextAsync(path + TagSuffix, tag, cancellation);
        total = file.Bytes ?? total;

        await using var body = await response.Content.ReadAsStreamAsync(silence.Token);
        var mode = have > 0 ? FileMode.Append : FileMode.Create;
        await using var part = new FileStream(path + PartSuffix, mode, FileAccess.Write, FileShare.Read);
        var buffer = new byte[1 << 16];
        for (var read = -1; read != 0;)
        {
            progress?.Report(new DownloadProgress(file.Path, "fetching", have, total));
            silence.CancelAfter(Timeout);
            read = await body.ReadAsync(buffer, silence.Token);
            have += read;
            Guard.Data(!(have > total), $"{url}: the server sends more than the {total:N0} bytes of the file");
            await part.WriteAsync(buffer.AsMemory(0, read), silence.Token);
        }

        if (have < total)
            throw new HttpIOException(HttpRequestError.ResponseEnded, $"{have:N0} of {total:N0} bytes came");
    }

    /// <summary>Where the answer's bytes begin.</summary>
    private static long Accept(HttpResponseMessage response, Uri url, string path, long have)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK:
                return 0; // the whole file: the server does not resume, or its file has changed
            case HttpStatusCode.PartialContent:
                var range = response.Content.Headers.ContentRange;
                Guard.Data(range?.From == have, $"{url}: asked for the bytes from {have}, the server sent {range}");
                return have;
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                File.Delete(path + PartSuffix); // longer than the file: begin again
                throw new HttpIOException(HttpRequestError.InvalidResponse, "the part was longer than the file");
        }

        var answer = $"the server answers {(int)response.StatusCode} {response.ReasonPhrase}";
        throw response.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError
            ? new HttpIOException(HttpRequestError.InvalidResponse, answer)
            : new InvalidDataException($"{url}: {answer}");
    }

    // What may be better next time: a broken connection, a silent or overloaded server. Not: a wrong file, a full disk, or the
    // user's own stop.
    private static bool IsPassing(Exception e, CancellationToken cancellation) => !cancellation.IsCancellationRequested
        && (e is HttpRequestException or HttpIOException or OperationCanceledException
            || e is IOException { InnerException: SocketException });

    private static long Length(string path) => new FileInfo(path + PartSuffix) is { Exists: true } part ? part.Length : 0;
}

/// <summary>How far a download is.</summary>
/// <param name="Step">"fetching" or "unpacking".</param>
/// <param name="Done">Bytes on the disk; 0 when unpacking.</param>
/// <param name="Total">Of how many, where known.</param>
public readonly record struct DownloadProgress(string File, string Step, long Done, long? Total);
