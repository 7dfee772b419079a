using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

public class UnaryNodeTests
{
    private static readonly float[] s_special =
    [
        0f, -0f, 1f, -1f, 0.5f, -0.5f, float.Epsilon, -float.Epsilon, 1e-40f, -1e-40f, 1.17549435e-38f, 1e-7f, 88.7f, 88.8f, 89f, -87f, -88f, -103f, -104f, -110f,
        float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 3.14159274f, 1.57079637f, 8191.9f, -8193f, 1e10f, 0.92f, 0.93f,
        2.5f, 3.5f, -2.5f, 1e20f, -1e20f, 9.01f, 16777216f,
    ];

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var isa in TestData.Names)
        {
            foreach (var kind in References.Keys)
            {
                cases.Add(isa, kind);
            }
        }

        return cases;
    }

    private static Dictionary<string, Func<double, double>> References { get; } = new()
    {
        ["Abs"] = Math.Abs,
        ["Negate"] = x => -x,
        ["Square"] = x => x * x,
        ["SquareRoot"] = Math.Sqrt,
        ["ReciprocalSquareRoot"] = x => 1 / Math.Sqrt(x),
        ["Exp"] = Math.Exp,
        ["Log"] = Math.Log,
        ["Sin"] = Math.Sin,
        ["Cos"] = Math.Cos,
        ["Tanh"] = Math.Tanh,
        ["Sigmoid"] = x => 1 / (1 + Math.Exp(-x)),
        ["Gelu"] = x => x * 0.5 * (1 + Erf(x / Math.Sqrt(2))),
        ["Hardswish"] = x => double.IsNegativeInfinity(x) ? double.NaN : x * (Math.Clamp(x + 3, 0, 6) / 6),
        ["Floor"] = Math.Floor,
        ["Ceiling"] = Math.Ceiling,
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_function_is_right_on_every_rung(string isa, string kind)
    {
        // An odd count, so that every rung has a remainder.
        float[] input = [.. s_special, .. TestData.Numbers(1000, 1, 1), .. TestData.Numbers(1000, 2, 10), .. TestData.Numbers(1000, 3, 100)];
        var writer = new PayloadWriter();
        var x = writer.Input((uint)input.Length);
        writer.Unary(Enum.Parse<PayloadNodeKind>(kind), x, writer.Output((uint)input.Length));
        var output = DelegateRunner.Run(writer, isa, [input.Length], (input, [input.Length]));

        // Gelu adds 1 to a value near -1: its error is absolute there, in eager PyTorch too.
        var absolute = kind is "Gelu" or "Sin" or "Cos" ? 2e-7 : kind == "Log" ? 1e-7 : 1e-38;
        for (var i = 0; i < input.Length; i++)
        {
            var expected = (float)References[kind](input[i]);
            var tolerance = (Math.Abs(expected) * 4e-7) + absolute;
            var isRight = float.IsNaN(expected) ? float.IsNaN(output[i])
                : float.IsInfinity(expected) || float.IsInfinity(output[i]) ? expected == output[i]
                : Math.Abs(output[i] - expected) <= tolerance;
            Assert.True(isRight, $"{kind}({input[i]:R}) = {output[i]:R}, expected {expected:R}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parameters_and_bounds_count(string isa)
    {
        float[] input = [-3, -1, -0f, 0, 0.5f, 2, 7, float.NaN, float.NegativeInfinity, float.PositiveInfinity];
        Check(PayloadNodeKind.LeakyReLU, x => x < 0 ? x * 0.1f : x);
        Check(PayloadNodeKind.ELU, x => x < 0 ? 0.1f * MathF.Exp(x) - 0.1f : x);
        Check(PayloadNodeKind.Clamp, x => float.IsNaN(x) ? x : Math.Clamp(x, -1, 5), (-1, 5));
        Check(PayloadNodeKind.Clamp, x => float.IsNaN(x) ? x : Math.Clamp(x, 0, 6), (null, 6));
        Check(PayloadNodeKind.Clamp, x => float.IsNaN(x) ? x : Math.Max(x, 0), (null, float.PositiveInfinity));
        Check(PayloadNodeKind.Clamp, x => x, null);

        void Check(PayloadNodeKind kind, Func<float, float> reference, (float?, float?)? bounds = null)
        {
            var writer = new PayloadWriter();
            var x = writer.Input(10);
            var y = writer.Output(10);
            if (kind == PayloadNodeKind.Clamp)
            {
                writer.Unary(kind, x, y, bounds: bounds);
            }
            else
            {
                writer.Node(kind, new FlatWriter.Table { [0] = 0.1f, [1] = x, [2] = y });
            }

            var output = DelegateRunner.Run(writer, isa, [10], (input, [10]));
            for (var i = 0; i < input.Length; i++)
            {
                Assert.Equal(reference(input[i]), output[i], 1e-6f);
            }
        }
    }

    public static TheoryData<string> Names() => [.. TestData.Names];

    private static double Erf(double x)
    {
        if (double.IsNaN(x) || Math.Abs(x) > 6)
        {
            return double.IsNaN(x) ? x : Math.Sign(x);
        }

        // The series converges for every x; its terms stay below e^36 here, and doubles have the digits for |x| < 3.
        if (Math.Abs(x) < 3)
        {
            double sum = x;
            double term = x;
            for (var n = 1; n < 200; n++)
            {
                term *= -x * x / n;
                sum += term / ((2 * n) + 1);
            }

            return sum * 2 / Math.Sqrt(Math.PI);
        }

        // Continued fraction of erfc.
        var f = 0.0;
        for (var k = 60; k >= 1; k--)
        {
            f = k / 2.0 / (Math.Abs(x) + f);
        }

        return Math.Sign(x) * (1 - (Math.Exp(-x * x) / Math.Sqrt(Math.PI) / (Math.Abs(x) + f)));
    }
}
