using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Lowering;

public class ElementwiseLoweringTests
{
    private const float Infinity = float.PositiveInfinity;
    private static readonly float[] s_numbers = [-3, -1, -0.5f, 0, 0.25f, 1, 2.5f, 7, float.NaN, Infinity, -Infinity, 1e38f, -1e38f, 3e38f, 1e-30f, 100];

    public static TheoryData<string, Func<double, double>> Functions => new()
    {
        { "abs", Math.Abs }, { "ceil", Math.Ceiling }, { "floor", Math.Floor }, { "neg", x => -x }, { "sqrt", Math.Sqrt }, { "exp", x => (float)Math.Exp(x) },
        { "relu", x => Math.Max(0, x) }, { "sigmoid", x => 1 / (1 + Math.Exp(-x)) }, { "tanh", Math.Tanh }, { "log", Math.Log }, { "square", x => (float)(x * x) },
        { "reciprocal", x => 1 / x },
    };

    [Theory]
    [MemberData(nameof(Functions))]
    public void Functions_follow_their_definition_for_special_values_too(string name, Func<double, double> function)
    {
        var e = new EdgeMethod();
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", $"aten::{name}", [16], ("self", e.Input("x", 16)))));

        AssertSame([.. s_numbers.Select(x => (float)function(x))], lowered.Run([[16]], (s_numbers, [16]))[0]);
    }

    [Theory]
    [InlineData("maximum")]
    [InlineData("minimum")]
    public void Extremes_keep_a_NaN_of_either_side(string name)
    {
        var e = new EdgeMethod();
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", $"aten::{name}", [16], ("self", e.Input("a", 16)), ("other", e.Input("b", 16)))));

        float[] other = [.. s_numbers.Reverse()];
        AssertSame([.. s_numbers.Zip(other, (a, b) => name == "maximum" ? MathF.Max(a, b) : MathF.Min(a, b))], lowered.Run([[16]], (s_numbers, [16]), (other, [16]))[0]);
    }

    [Theory]
    [InlineData("add.Tensor", 2.0, 12)]
    [InlineData("sub.Tensor", 1.0, 3)]
    [InlineData("sub.Scalar", 2.0, 1)]
    [InlineData("rsub.Scalar", 1.0, -3)]
    [InlineData("mul.Tensor", 1.0, 10)]
    [InlineData("div.Scalar", 1.0, 2.5)]
    public void Arithmetic_scales_the_second_operand_by_alpha(string name, double alpha, float expected)
    {
        var e = new EdgeMethod();
        var x = e.Input("x", 1);
        object other = name.EndsWith("Scalar", StringComparison.Ordinal) ? 2 : e.Input("o", 1);
        (string, object)[] arguments = name.StartsWith("mul", StringComparison.Ordinal) || name.StartsWith("div", StringComparison.Ordinal)
            ? [("self", x), ("other", other)] : [("self", x), ("other", other), ("alpha", alpha)];
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", $"aten::{name}", [1], arguments)));

        var inputs = other is int ? new (float[], int[])[] { ([5], [1]) } : [([5], [1]), (name == "add.Tensor" ? [3.5f] : [2], [1])];
        Assert.Equal([expected], lowered.Run([[1]], inputs)[0]);
    }

    [Fact]
    public void A_gate_is_one_step_here_although_the_payload_guards_it_for_XNNPACK()
    {
        var e = new EdgeMethod();
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", "aten::silu", [16], ("self", e.Input("x", 16)))));

        Assert.Equal(["Clamp", "Sigmoid", "Multiply"], lowered.Kinds);
        using var runner = new DelegateRunner(lowered.Payload, lowered.NamedData(), 2);
        var context = new FakeExecuteContext(runner.Host.Pool) { Events = [] };
        var output = runner.Tensor(ScalarType.Float, [16]);
        runner.Execute(context, runner.Floats(TestData.Numbers(16), 16), output);

        Assert.Equal(["Multiply"], context.Events);
        MatrixLoweringTests.AssertNear([.. TestData.Numbers(16).Select(x => (float)(x / (1 + Math.Exp(-x))))], output.AsReadOnlySpan<float>().ToArray());
    }

    [Fact]
    public void Half_precision_is_rounded_once_for_each_operator()
    {
        var e = new EdgeMethod();
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", "aten::gelu", ScalarType.Half, [16], ("self", e.Input("x", ScalarType.Half, 16)))));

        Assert.Equal(["Convert", "Gelu", "Convert"], lowered.Kinds);
        using var runner = new DelegateRunner(lowered.Payload, lowered.NamedData(), 2);
        var output = runner.Tensor(ScalarType.Half, [16]);
        runner.Execute(runner.Halves([.. Enumerable.Range(0, 16).Select(i => (i - 8) / 2f)], 16), output);
        for (var i = 0; i < 16; i++)
        {
            var x = (i - 8) / 2.0;
            Assert.Equal(x / 2 * (1 + Erf(x / Math.Sqrt(2))), (double)output.AsReadOnlySpan<Half>()[i], 2e-3);
        }
    }

    [Fact]
    public void Equal_methods_give_equal_bytes_and_one_blob_for_each_weight()
    {
        static ExportedMethod Method(string name)
        {
            var e = new EdgeMethod();
            var (w, b) = (e.Parameter("w", TestData.Numbers(12, 1), 4, 3), e.Parameter("b", TestData.Numbers(4, 2), 4));
            var y = e.Node("y", "aten::linear", [2, 4], ("input", e.Input("x", 2, 3)), ("weight", w), ("bias", b));
            return e.Build(e.Node("z", "aten::relu", [2, 4], ("self", y))) with { Name = name };
        }

        using IBackendPreprocessor preprocessor = new CpuPlugin().CreatePreprocessor("XnnpackBackend", new FakeHost())!;
        var context = new FakeLowering.PreprocessingContext([.. ((string[])["prefill", "decode"]).Select(name =>
            new PartitionedMethod(name, [new BackendPartition(new PartitionIdentity(name, 0), Method(name), [])]))]);
        var results = PreprocessResult.Check(context, preprocessor.Preprocess(context));

        Assert.Equal(FakeLowering.Bytes(results[0].Processed), FakeLowering.Bytes(results[1].Processed));
        Assert.Equal(2, context.NamedData.Blobs.Count);
        Assert.Equal(results[0].NamedDataKeys, results[1].NamedDataKeys);
        Assert.Equal([1, 2], results[0].DebugHandles.SelectMany(handles => handles.Value).Order());
    }

    private static double Erf(double x)
    {
        var (sum, step) = (0.0, x / 2000);
        for (var i = 0; i < 2000; i++)
        {
            var at = (i + 0.5) * step;
            sum += Math.Exp(-at * at) * step;
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }

    private static void AssertSame(float[] expected, float[] actual)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(expected[i].Equals(actual[i]) || Math.Abs(expected[i] - actual[i]) <= 1e-5 * Math.Max(1, Math.Abs(expected[i])),
                $"[{i}] of {s_numbers[i]}: {actual[i]}, not {expected[i]}");
        }
    }
}
