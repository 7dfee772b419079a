using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tandem.Benchmarks.Nets;
using Tandem.Host;
using Tandem.Host.Execution;

namespace Tandem.Benchmarks.Peers;

/// <summary>A program of one method in Tandem, with input and output bound, as an application does that calls often.</summary>
internal sealed unsafe class TandemContender : Contender
{
    public const string Column = "Tandem";
    private readonly Host.Execution.Program _program;
    private readonly Session _session;
    private readonly Method _method;
    private readonly float* _input;

    public TandemContender(TandemRuntime runtime, string path, float[] input, int[] sizes)
        : base(Column)
    {
        _program = runtime.LoadProgram(path);
        _session = _program.CreateSession();
        _method = _session.GetMethod(ProgramNet.MethodName);
        _input = (float*)NativeMemory.AlignedAlloc((nuint)input.Length * sizeof(float), 64);
        input.CopyTo(new Span<float>(_input, input.Length));
        _method.BindInput(0, _input, sizes);
    }

    public override float[] Output()
    {
        _method.Execute();
        return _method.GetOutput(0).AsReadOnlySpan<float>().ToArray();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override double Time(int calls)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < calls; i++)
        {
            _method.Execute();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }

    public override void Dispose()
    {
        _session.Dispose();
        _program.Dispose();
        NativeMemory.AlignedFree(_input);
    }
}
