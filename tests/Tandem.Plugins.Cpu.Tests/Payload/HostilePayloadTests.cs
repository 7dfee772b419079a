using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Payload;

/// <summary>T1, T2 of the delegate's payload: every damage is a typed error or a run, and nothing stays open.</summary>
public class HostilePayloadTests
{
    [Fact]
    public void T1_Every_truncation_is_a_typed_error_or_runs()
    {
        var (payload, data) = Build(false);
        for (var length = 0; length < payload.Length; length++)
        {
            TryRun(payload[..length], data);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void T1_Every_bit_flip_is_a_typed_error_or_runs(bool usesNamedData)
    {
        var (payload, data) = Build(usesNamedData);
        for (var bit = 0; bit < payload.Length * 8; bit++)
        {
            var damaged = (byte[])payload.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            TryRun(damaged, data);
        }
    }

    [Fact]
    public void T1_Every_bit_flip_of_a_bare_flatbuffer()
    {
        var payload = Graph(new PayloadWriter()).WriteLegacy();
        for (var bit = 0; bit < payload.Length * 8; bit++)
        {
            var damaged = (byte[])payload.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            TryRun(damaged, []);
        }
    }

    [Fact]
    public void T2_Boundary_values_in_every_word()
    {
        var (payload, data) = Build(true);
        uint[] values = [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, (uint)payload.Length];
        for (var at = 0; at + 4 <= payload.Length; at += 4)
        {
            foreach (var value in values)
            {
                var damaged = (byte[])payload.Clone();
                BitConverter.TryWriteBytes(damaged.AsSpan(at), value);
                TryRun(damaged, data);
            }
        }
    }

    [Fact]
    public void A_missing_key_is_named_and_nothing_stays_open()
    {
        var (payload, data) = Build(true);
        var key = data.Keys.First();
        data.Remove(key);
        var error = Assert.Throws<TandemException>(() => new DelegateRunner(payload, data, 3));
        Assert.Equal(ErrorCode.NamedDataNotFound, error.Code);
        Assert.Contains(key, error.Message);
    }

    private static PayloadWriter Graph(PayloadWriter writer)
    {
        var x = writer.Input(2, 4);
        var hidden = writer.Internal(2, 6);
        var moved = writer.Internal(6, 2);
        var sliced = writer.Internal(3, 2);
        writer.FullyConnected(x, writer.Constant(TestData.Numbers(24), 6, 4), writer.Constant(TestData.Numbers(6), 6), hidden, bounds: (0, 6));
        writer.Transpose(hidden, moved, 1, 0);
        writer.Slice(moved, sliced, [1, 0], [3, 2]);
        writer.Binary(PayloadNodeKind.Multiply, sliced, writer.Constant(TestData.Numbers(2), 2), writer.Output(3, 2));
        return writer;
    }

    private static (byte[] Payload, Dictionary<string, byte[]> Data) Build(bool usesNamedData)
    {
        var writer = Graph(new PayloadWriter { UsesNamedData = usesNamedData });
        return (writer.Write(), writer.NamedData);
    }

    private static void TryRun(byte[] payload, Dictionary<string, byte[]> data)
    {
        var host = new FakeHost();
        using var plugin = new CpuPlugin();
        using var runtime = plugin.CreateRuntime("XnnpackBackend", host)!;
        var named = new FakeNamedData(data);
        var programCache = new FakeCache();
        var context = new FakeInitializeContext(payload, 2, named, programCache, BackendOptions.Empty, 1);
        try
        {
            using var created = runtime.Initialize(context);
            Run(created, host);
        }
        catch (TandemException)
        {
        }

        Assert.Equal(0, named.OpenHandles);
        Assert.Equal(1, context.Payload.Holders);
        Assert.Equal(0, host.Cache.Count);
        Assert.Equal(0, programCache.Count);
        context.Payload.Dispose();
        named.Dispose();
    }

    private static unsafe void Run(IBackendDelegate created, FakeHost host)
    {
        // More room than the payload's outputs need, so that damage of a shape meets the bound and not the end of an array.
        Span<float> memory = stackalloc float[64];
        fixed (float* p = memory)
        {
            var input = new TensorView(new TensorLayout(ScalarType.Float, [2, 4]));
            var output = new TensorView(new TensorLayout(ScalarType.Float, [3, 2]), ShapeDynamism.DynamicBound);
            input.Bind(p);
            output.Bind(p + 32);
            EValue[] values = [EValue.FromTensor(input), EValue.FromTensor(output)];
            created.Execute(new FakeExecuteContext(host.Pool), new Arguments(values, [0, 1]));
        }
    }
}
