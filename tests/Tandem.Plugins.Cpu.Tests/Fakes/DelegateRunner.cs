using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>Loads a payload through the plugin's public entry and calls it.</summary>
internal sealed unsafe class DelegateRunner : IDisposable
{
    private readonly FakeHost _host;
    private readonly CpuPlugin _plugin = new();
    private readonly IBackendRuntime _runtime;
    private readonly byte[] _payload;
    private readonly int _argumentCount;
    private readonly List<nint> _memory = [];

    public DelegateRunner(
        PayloadWriter writer, int argumentCount, string? isa = null, int threads = 1, KeyValuePair<string, string>[]? options = null)
        : this(writer.Write(), writer.NamedData, argumentCount, isa, threads, options)
    {
    }

    public DelegateRunner(
        byte[] payload, Dictionary<string, byte[]> namedData, int argumentCount, string? isa = null, int threads = 1,
        KeyValuePair<string, string>[]? options = null)
    {
        _host = new FakeHost(threads);
        _runtime = _plugin.CreateRuntime("XnnpackBackend", _host)!;
        NamedData = new FakeNamedData(namedData);
        _payload = payload;
        _argumentCount = argumentCount;
        Context = new FakeInitializeContext(payload, argumentCount, NamedData, ProgramCache, new BackendOptions([.. options ?? [], .. isa is null ? [] : new KeyValuePair<string, string>[] { new("isa", isa) }]), 1);
        Delegate = _runtime.Initialize(Context);
    }

    public FakeHost Host => _host;

    public FakeCache ProgramCache { get; } = new();

    public FakeNamedData NamedData { get; }

    public FakeInitializeContext Context { get; }

    public IBackendDelegate Delegate { get; }

    /// <summary>The delegate of another session of the same program; the caller disposes it.</summary>
    public IBackendDelegate Initialize(long sessionId)
    {
        var context = new FakeInitializeContext(_payload, _argumentCount, NamedData, ProgramCache, Context.Options, sessionId);
        try
        {
            return _runtime.Initialize(context);
        }
        finally
        {
            context.Payload.Dispose();
        }
    }

    /// <summary>A tensor with memory of its own.</summary>
    public TensorView Tensor(ScalarType type, int[] sizes, byte[]? dimOrder = null, bool isDynamic = false)
    {
        var view = new TensorView(new TensorLayout(type, sizes, dimOrder), isDynamic ? ShapeDynamism.DynamicBound : ShapeDynamism.Static);
        var memory = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(view.MaxByteCount, 1), 64);
        new Span<byte>((void*)memory, (int)view.MaxByteCount).Fill(0xCD);
        _memory.Add(memory);
        view.Bind((void*)memory);
        return view;
    }

    public TensorView Floats(float[] values, params int[] sizes)
    {
        var view = Tensor(ScalarType.Float, sizes);
        values.CopyTo(view.AsSpan<float>());
        return view;
    }

    public TensorView Halves(float[] values, params int[] sizes)
    {
        var view = Tensor(ScalarType.Half, sizes);
        Array.ConvertAll(values, v => (Half)v).CopyTo(view.AsSpan<Half>());
        return view;
    }

    public void Execute(params TensorView[] arguments) => Execute(new FakeExecuteContext(_host.Pool), arguments);

    public void Execute(FakeExecuteContext context, params TensorView[] arguments)
    {
        var values = Array.ConvertAll(arguments, EValue.FromTensor);
        Delegate.Execute(context, new Arguments(values, [.. Enumerable.Range(0, values.Length)]));
    }

    /// <summary>Runs a graph of float inputs and one float output.</summary>
    public static float[] Run(PayloadWriter writer, string? isa, int[] outputSizes, params (float[] Values, int[] Sizes)[] inputs)
    {
        using var runner = new DelegateRunner(writer, inputs.Length + 1, isa, threads: 3);
        var arguments = inputs.Select(i => runner.Floats(i.Values, i.Sizes)).Append(runner.Tensor(ScalarType.Float, outputSizes)).ToArray();
        runner.Execute(arguments);
        return arguments[^1].AsReadOnlySpan<float>().ToArray();
    }

    public void Dispose()
    {
        Delegate.Dispose();
        _runtime.Dispose();
        _plugin.Dispose();
        Context.Payload.Dispose();
        foreach (var memory in _memory)
        {
            NativeMemory.AlignedFree((void*)memory);
        }
    }
}
