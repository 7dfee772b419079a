using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>The Arm rung's element-wise source is portable, so it is tested on every CPU: against the scalar rung.</summary>
public unsafe class ElementwiseRungTests
{
    [Fact]
    public void The_arm_rung_agrees_with_the_scalar_rung()
    {
        var input = TestData.Numbers(1003, 1, 20);
        (input[0], input[7], input[13]) = (float.NaN, float.PositiveInfinity, float.NegativeInfinity);
        foreach (var kind in Enum.GetValues<UnaryKind>())
        {
            var expected = new float[input.Length];
            var actual = new float[input.Length];
            fixed (float* x = input, e = expected, a = actual)
            {
                UnaryKernels.Get(kind, InstructionSet.Scalar)(x, e, input.Length, -0.5f, 0.75f);
                UnaryKernels.Get(kind, InstructionSet.AdvSimd)(x, a, input.Length, -0.5f, 0.75f);
            }

            for (var i = 0; i < input.Length; i++)
            {
                Assert.True(
                    expected[i].Equals(actual[i]) || Math.Abs(expected[i] - actual[i]) <= (1e-6f * Math.Abs(expected[i])) + 2e-7f, $"{kind}({input[i]}) = {actual[i]}, {expected[i]}");
            }
        }
    }

    [Fact]
    public void Every_binary_function_of_the_arm_rung_agrees_with_the_scalar_rung()
    {
        var first = TestData.Numbers(7 * 33, 1, 20);
        var second = TestData.Numbers(33, 2, 20);
        foreach (var kind in Enum.GetValues<BinaryKind>())
        {
            var expected = new float[first.Length];
            var actual = new float[first.Length];
            var layout = new BinaryRows(1, 1, 33, 0, -15, 15);
            fixed (float* x = first, y = second, e = expected, a = actual)
            {
                BinaryKernels.Get(kind, InstructionSet.Scalar)(layout, x, y, e, 7, 33);
                BinaryKernels.Get(kind, InstructionSet.AdvSimd)(layout, x, y, a, 7, 33);
            }

            Assert.Equal(expected, actual);
        }
    }
}
