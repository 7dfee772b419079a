using Tandem.Host.Execution;
using Xunit;

namespace Tandem.Interop.Tests.Execution;

/// <summary>Calls of quantised programs allocate nothing, as those of float programs.</summary>
public sealed class AllocationTests
{
    [Fact]
    public void Decoding_with_the_quantised_tale_allocates_nothing()
    {
        using var runtime = CpuPlugin.CreateRuntime();
        using var program = runtime.LoadProgram(SharedVectors.Path("tales", "xnnpack_8da4w.pte"));
        using var session = program.CreateSession();
        var decode = session.GetMethod("decode");
        for (var i = 0; i < 40; i++)
        {
            Step(decode, i);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 40; i < 140; i++)
        {
            Step(decode, i);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Step(Method decode, long position)
    {
        ReadOnlySpan<long> token = [258], place = [position];
        decode.SetInput(0, token, [1, 1]);
        decode.SetInput(1, place, [1]);
        decode.Execute();
    }
}
