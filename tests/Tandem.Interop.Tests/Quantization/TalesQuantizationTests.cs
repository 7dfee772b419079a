using System.Runtime.InteropServices;
using System.Text.Json;
using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Host.Quantization;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Quantization;

/// <summary>The sample language model, quantised here, beside what torchao made of it.</summary>
public sealed class TalesQuantizationTests(ITestOutputHelper output)
{
    private const int PromptLength = 11;

    [Fact]
    public void Every_layer_has_less_noise_than_torchaos()
    {
        var program = ExportedProgramReader.Read(SharedVectors.Path("tales", "tales.pt2"));
        var theirs = ExportedProgramReader.Read(SharedVectors.Path("tales", "tales_8da4w.pt2")).GetMethod("prefill");
        var report = ProgramQuantizer.Quantize(program).Report;
        Assert.Equal(29, report.Layers.Count);
        var floats = program.GetMethod("prefill").Signature.Inputs.Where(input => input.Tensor is not null).ToDictionary(input => input.QualifiedName!, input => input.Tensor!);
        double least = double.MaxValue, ours = 0, torchao = 0;
        foreach (var layer in report.Layers)
        {
            // torchao gives the tied layer a weight of its own.
            var name = layer.Name == "m.tok_embeddings" ? "m.output" : layer.Name;
            var other = SignalToNoise(Read<float>(floats[$"{layer.Name}.weight"]), Read<sbyte>(Part("qdata")), Read<float>(Part("scale")));
            least = Math.Min(least, layer.Error.SignalToNoise - other);
            (ours, torchao) = (ours + layer.Error.SignalToNoise, torchao + other);

            ExportedTensor Part(string part) => theirs.Signature.Inputs.First(input => input.QualifiedName == $"{name}.weight.{part}").Tensor!;
        }

        output.WriteLine($"mean {ours / 29:0.00} dB, torchao {torchao / 29:0.00} dB; least gain {least:0.00} dB");
        Assert.True(least > 0.4, $"{least} dB");
    }

    [Theory]
    [InlineData(null, "8da4w", 0.42, 103)]
    [InlineData("tandem.cpu", "8da4w", 0.42, 103)]
    [InlineData(null, "8da8w", 0.1, 107)]
    [InlineData("tandem.cpu", "8da8w", 0.1, 107)]
    public void Logits_are_near_those_of_the_float_model_and_nearer_than_torchaos(string? backend, string scheme, double bound, int least)
    {
        var folder = SharedVectors.Path("tales");
        var quantized = ProgramQuantizer.Quantize(ExportedProgramReader.Read(Path.Combine(folder, "tales.pt2")),
            new QuantizationOptions { Scheme = QuantizationSchemes.Find(scheme)!.Value }).Program;
        using var runtime = CpuPlugin.CreateRuntime();
        var path = Path.Combine(Directory.CreateTempSubdirectory("tandem-quantized-").FullName, "tales.pte");
        try
        {
            var options = new LoweringOptions();
            options.Backends.Order = backend is null ? [] : [backend];
            new ProgramLowering(runtime, options).Lower(quantized, path);
            using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "greedy.json")));
            long[] ids = [.. json.RootElement.GetProperty("eager").GetProperty("ids").EnumerateArray().Select(id => id.GetInt64())];
            var recorded = SafetensorsFile.Read(Path.Combine(folder, "io.safetensors"));
            var (eager, torchao) = (Floats(recorded["eager.logits"]), Floats(recorded["eager_8da4w.logits"]));

            using var program = runtime.LoadProgram(path);
            using var session = program.CreateSession();
            var (squares, theirs, greatest, agree) = (0.0, 0.0, 0.0, 0);
            for (var step = 0; step < 110; step++)
            {
                var method = session.GetMethod(step == 0 ? "prefill" : "decode");
                var count = step == 0 ? PromptLength : 1;
                var first = step == 0 ? 0 : PromptLength + step - 1;
                method.SetInput<long>(0, ids.AsSpan(first, count).ToArray(), [1, count]);
                method.SetInput<long>(1, [.. Enumerable.Range(first, count).Select(position => (long)position)], [count]);
                method.Execute();
                var logits = method.GetOutput(0).AsReadOnlySpan<float>();
                for (var i = 0; i < 512; i++)
                {
                    var difference = logits[i] - eager[(step * 512) + i];
                    squares += (double)difference * difference;
                    greatest = Math.Max(greatest, Math.Abs(difference));
                    var other = torchao[(step * 512) + i] - eager[(step * 512) + i];
                    theirs += (double)other * other;
                }

                agree += IndexOfGreatest(logits) == IndexOfGreatest(eager.AsSpan(step * 512, 512)) ? 1 : 0;
            }

            var (rms, others) = (Math.Sqrt(squares / eager.Length), Math.Sqrt(theirs / eager.Length));
            output.WriteLine($"{scheme} {backend}: {new FileInfo(path).Length:n0} bytes; RMS difference of the logits {rms:0.0000}, greatest {greatest:0.000}, torchao's 8da4w {others:0.0000}; {agree} of 110 tokens agree");
            Assert.True(rms < bound, $"{rms}");
            Assert.True(rms < others, $"{rms} for {others}");
            Assert.True(agree >= least, $"{agree}");
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    private static int IndexOfGreatest(ReadOnlySpan<float> values) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(values);

    private static double SignalToNoise(float[] weights, sbyte[] integers, float[] scales)
    {
        var group = weights.Length / scales.Length;
        double errors = 0, squares = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            var error = weights[i] - ((double)integers[i] * scales[i / group]);
            errors += error * error;
            squares += (double)weights[i] * weights[i];
        }

        return 10 * Math.Log10(squares / errors);
    }

    private static float[] Floats(TensorData data) => MemoryMarshal.Cast<byte, float>(data.Bytes.Span).ToArray();

    private static T[] Read<T>(ExportedTensor tensor)
        where T : unmanaged
    {
        var bytes = new byte[tensor.Storage.Length];
        tensor.Storage.Read(0, bytes);
        return MemoryMarshal.Cast<byte, T>(bytes).ToArray();
    }
}
