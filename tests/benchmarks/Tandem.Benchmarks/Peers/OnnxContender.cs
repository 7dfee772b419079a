using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace Tandem.Benchmarks.Peers;

/// <summary>A model in ONNX Runtime: all optimisations, spinning threads, input and output bound before.</summary>
internal sealed class OnnxContender : Contender
{
    public const string Column = "ONNX Runtime";
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly OrtValue _input;
    private readonly OrtValue _output;
    private readonly RunOptions _run = new();
    private readonly float[] _result;

    public OnnxContender(byte[] model, int threads, string inputName, float[] input, int[] inputSizes, string outputName, int[] outputSizes)
        : base(Column)
    {
        using var options = CreateOptions(threads);
        _session = new InferenceSession(model, options);
        _result = new float[outputSizes.Aggregate(1, (product, size) => product * size)];
        _input = OrtValue.CreateTensorValueFromMemory(input, Array.ConvertAll(inputSizes, size => (long)size));
        _output = OrtValue.CreateTensorValueFromMemory(_result, Array.ConvertAll(outputSizes, size => (long)size));
        _binding = _session.CreateIoBinding();
        _binding.BindInput(inputName, _input);
        _binding.BindOutput(outputName, _output);
    }

    /// <summary>The options that every model gets.</summary>
    public static SessionOptions CreateOptions(int threads)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "1");
        return options;
    }

    public override float[] Output()
    {
        _session.RunWithBinding(_run, _binding);
        return [.. _result];
    }

    public override double Time(int calls)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < calls; i++)
        {
            _session.RunWithBinding(_run, _binding);
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }

    public override void Dispose()
    {
        _binding.Dispose();
        _input.Dispose();
        _output.Dispose();
        _run.Dispose();
        _session.Dispose();
    }
}
