using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

public partial class MachineTests
{
    [Fact]
    public void WaitingThreadsSleepUnlessTheUserSaysOtherwise()
    {
        Assert.NotEmpty(__version__);
        var policy = Marshal.PtrToStringUTF8(GetEnvironment("OMP_WAIT_POLICY"));
        Assert.Equal(Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") ?? "PASSIVE", policy);
    }

    [Fact]
    public void ThreadsAreTheProcessorsUnlessSet()
    {
        var expected = Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is { } set
            ? int.Parse(set, System.Globalization.CultureInfo.InvariantCulture)
            : Environment.ProcessorCount;
        Assert.Equal(expected, InOwnThread(get_num_threads));
    }

    [Fact]
    public void ThreadsFollowTheSetting()
    {
        var before = get_num_threads();
        try
        {
            set_num_threads(1);
            Assert.Equal(1, get_num_threads());
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void DevicesReadAsWritten()
    {
        Assert.Equal("cpu", CPU.ToString());
        Assert.Equal("cuda:1", device("cuda:1").ToString());
        Assert.Equal("cuda:0", CUDA.ToString());
        Assert.Equal(TorchSharp.DeviceType.CUDA, device("cuda").type);
        using var here = ones(1);
        Assert.Equal("cpu", here.device.ToString());
    }

    private static T InOwnThread<T>(Func<T> ask)
    {
        T answer = default!;
        var thread = new Thread(() => answer = ask());
        thread.Start();
        thread.Join();
        return answer;
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetEnvironment(string name);
}
