using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tandem.Benchmarks.Peers;
using Tandem.Host;
using Tandem.Host.Execution;

namespace Tandem.Benchmarks.Llama;

/// <summary>A language model in Tandem.</summary>
internal sealed class TandemLlama : Contender
{
    private readonly Host.Execution.Program? _program;
    private readonly Session _session;
    private readonly Method _method;
    private readonly LlamaCall _call;
    private readonly long[] _tokens;
    private readonly long[] _positions;

    /// <summary>Loads the program.</summary>
    public TandemLlama(TandemRuntime runtime, string path, LlamaCall call)
        : this(runtime.LoadProgram(path), call) => _program = _session.Program;

    /// <summary>A session of a program that stays the caller's.</summary>
    public TandemLlama(Host.Execution.Program program, LlamaCall call)
        : base(TandemContender.Column)
    {
        _call = call;
        _session = program.CreateSession();
        _method = _session.GetMethod(call.Method);
        _tokens = [.. Enumerable.Range(0, call.Tokens).Select(i => (long)i)];
        _positions = new long[call.Tokens];
    }

    /// <summary>Bytes of activations and state.</summary>
    public long MemoryBytes => _session.MemoryBytes;

    public override float[] Output()
    {
        Execute(0);
        return _method.GetOutput(0).AsReadOnlySpan<float>().ToArray();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override double Time(int calls)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < calls; i++)
        {
            Execute(i);
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }

    public override void Dispose()
    {
        _session.Dispose();
        _program?.Dispose();
    }

    private void Execute(int call)
    {
        for (var i = 0; i < _positions.Length; i++)
        {
            _positions[i] = _call.Position + (call % _call.Wrap) + i;
        }

        _method.SetInput<long>(0, _tokens, [1, _tokens.Length]);
        _method.SetInput<long>(1, _positions, [_positions.Length]);
        _method.Execute();
    }
}
