using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.PackedCache;

/// <summary>
/// A program of two products, a convolution and a depthwise convolution, loaded by a runtime of its own: to the folder of the cache it is another process.
/// </summary>
internal sealed class CachedProgram : IDisposable
{
    /// <summary>Packed forms of the program.</summary>
    public const int Forms = 4;

    private readonly CpuRuntime _runtime;
    private readonly FakeNamedData _namedData;
    private readonly FakeInitializeContext _context;
    private readonly BackendOptions _options;
    private readonly byte[] _payload;
    private readonly FakeCache _programCache = new();

    public CachedProgram(string? folder, int seed = 1, string? isa = null, long? maxBytes = null, IDictionary<string, string>? options = null)
    {
        Host = new FakeHost(2);
        _runtime = new CpuRuntime(Host);
        var writer = Write(seed);
        _namedData = new FakeNamedData(writer.NamedData);
        options ??= new Dictionary<string, string>();
        if (folder is not null)
        {
            options["packed_cache"] = folder;
        }

        if (isa is not null)
        {
            options["isa"] = isa;
        }

        if (maxBytes is not null)
        {
            options["packed_cache_bytes"] = $"{maxBytes}";
        }

        Folder = folder;
        _payload = writer.Write();
        _options = new BackendOptions(options);
        _context = new FakeInitializeContext(_payload, 2, _namedData, _programCache, _options, 1);
        try
        {
            Delegate = (CpuDelegate)_runtime.Initialize(_context);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public FakeHost Host { get; }

    public string? Folder { get; }

    public CpuDelegate? Delegate { get; }

    public PackedCacheFolder Cache => _runtime.PackedCache(Folder!)!;

    public static string[] Files(string folder) => [.. Directory.GetFiles(folder, "*.packed").Order()];

    /// <summary>What the program computes of fixed inputs.</summary>
    public float[] Run() => Run(Delegate!);

    /// <summary>The same with another delegate.</summary>
    public unsafe float[] Run(IBackendDelegate delegated)
    {
        var input = TestData.Numbers(8 * 8 * 16, 99);
        var output = new float[8 * 8 * 24];
        fixed (float* x = input, y = output)
        {
            var a = new TensorView(new TensorLayout(ScalarType.Float, [1, 8, 8, 16]), ShapeDynamism.Static);
            var b = new TensorView(new TensorLayout(ScalarType.Float, [1, 8, 8, 24]), ShapeDynamism.Static);
            a.Bind(x);
            b.Bind(y);
            delegated.Execute(new FakeExecuteContext(Host.Pool), new Arguments([EValue.FromTensor(a), EValue.FromTensor(b)], [0, 1]));
        }

        return output;
    }

    /// <summary>Another delegate of the program, of the same session or another.</summary>
    public IBackendDelegate Again(long sessionId = 1)
    {
        var context = new FakeInitializeContext(_payload, 2, _namedData, _programCache, _options, sessionId);
        var delegated = _runtime.Initialize(context);
        context.Payload.Dispose();
        return delegated;
    }

    public void Dispose()
    {
        Delegate?.Dispose();
        _runtime.Dispose();
        _context.Payload.Dispose();
        Assert.Equal(0, _namedData.OpenHandles);
        _namedData.Dispose();
    }

    private static PayloadWriter Write(int seed)
    {
        var writer = new PayloadWriter { UsesNamedData = true };
        var x = writer.Input(1, 8, 8, 16);
        var (a, b, c) = (writer.Internal(1, 8, 8, 32), writer.Internal(1, 8, 8, 32), writer.Internal(1, 8, 8, 40));
        writer.FullyConnected(x, writer.Constant(TestData.Numbers(32 * 16, seed), 32, 16), writer.Constant(TestData.Numbers(32, seed + 1), 32), a);
        writer.Convolution(
            PayloadNodeKind.DepthwiseConv2d, [1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 32, 0, 0], a,
            writer.Constant(TestData.Numbers(9 * 32, seed + 2), 1, 3, 3, 32), PayloadWriter.None, b);
        writer.Convolution(
            PayloadNodeKind.Conv2d, [1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 32, 40, 1, 0, 0], b,
            writer.Constant(TestData.Numbers(40 * 9 * 32, seed + 3), 40, 3, 3, 32), PayloadWriter.None, c);
        writer.FullyConnected(c, writer.Constant(TestData.Numbers(24 * 40, seed + 4), 24, 40), PayloadWriter.None, writer.Output(1, 8, 8, 24));
        return writer;
    }
}
