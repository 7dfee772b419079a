using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

public class BinaryNodeTests
{
    public static TheoryData<string> Names() => [.. TestData.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Broadcasting_follows_numpy_up_to_rank_6(string isa)
    {
        int[][][] shapes =
        [
            [[5, 7], [5, 7]], [[1], [37]], [[37], [1]], [[4, 1], [1, 33]], [[3, 1, 5], [2, 1]], [[2, 3, 1, 5, 1, 17], [1, 3, 4, 1, 2, 17]],
            [[2, 1, 2, 1, 2, 1], [1, 3, 1, 3, 1, 3]], [[], [5]], [[2, 16], [16]], [[1, 40, 128], [1, 40, 1]], [[300, 301], [300, 301]], [[300, 301], [301]],
        ];
        foreach (var (kind, function) in Functions)
        {
            foreach (var shape in shapes)
            {
                Check(isa, kind, shape[0], shape[1], function);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Bounds_clamp_and_an_omitted_minimum_is_zero(string isa)
    {
        var a = TestData.Numbers(50, 1);
        var b = TestData.Numbers(50, 2);
        Assert.Equal(Sums((-0.5f, 0.5f)), Zip(a, b, (x, y) => Math.Clamp(x + y, -0.5f, 0.5f)));
        Assert.Equal(Sums((null, float.PositiveInfinity)), Zip(a, b, (x, y) => Math.Max(x + y, 0)));
        Assert.Equal(Sums((-1, null)), Zip(a, b, (x, y) => Math.Clamp(x + y, -1, 0)));

        float[] Sums((float?, float?) bounds)
        {
            var writer = new PayloadWriter();
            writer.Binary(PayloadNodeKind.Add, writer.Input(50), writer.Input(50), writer.Output(50), bounds: bounds);
            return DelegateRunner.Run(writer, isa, [50], (a, [50]), (b, [50]));
        }
    }

    [Fact]
    public void Shapes_that_do_not_broadcast_are_refused_with_the_node_named()
    {
        var writer = new PayloadWriter();
        writer.Binary(PayloadNodeKind.Multiply, writer.Input(3, 4), writer.Input(3, 5), writer.Output(3, 4));
        var error = Assert.Throws<TandemException>(() => new DelegateRunner(writer, 3));
        Assert.Equal(ErrorCode.PayloadInvalid, error.Code);
        Assert.Contains("Multiply", error.Message);
        Assert.Contains("xnodes[0]", error.Message);
    }

    private static Dictionary<PayloadNodeKind, Func<float, float, float>> Functions { get; } = new()
    {
        [PayloadNodeKind.Add] = (x, y) => x + y,
        [PayloadNodeKind.Subtract] = (x, y) => x - y,
        [PayloadNodeKind.Multiply] = (x, y) => x * y,
        [PayloadNodeKind.Div] = (x, y) => x / y,
        [PayloadNodeKind.Minimum] = MathF.Min,
        [PayloadNodeKind.Maximum] = MathF.Max,
        [PayloadNodeKind.PReLU] = (x, y) => x < 0 ? x * y : x,
    };

    private static float[] Zip(float[] a, float[] b, Func<float, float, float> function) => [.. a.Zip(b, function)];

    private static void Check(string isa, PayloadNodeKind kind, int[] a, int[] b, Func<float, float, float> function)
    {
        var rank = Math.Max(a.Length, b.Length);
        var sizes = new int[rank];
        for (var i = 1; i <= rank; i++)
        {
            var x = i <= a.Length ? a[^i] : 1;
            var y = i <= b.Length ? b[^i] : 1;
            sizes[^i] = x == 1 ? y : x;
        }

        var first = TestData.Numbers(a.Aggregate(1, (x, y) => x * y), 1);
        var second = TestData.Numbers(b.Aggregate(1, (x, y) => x * y), 2);
        (first[0], second[^1]) = (float.NaN, float.PositiveInfinity);
        var writer = new PayloadWriter();
        writer.Binary(kind, writer.Input(Dims(a)), writer.Input(Dims(b)), writer.Output(Dims(sizes)));
        var output = DelegateRunner.Run(writer, isa, sizes, (first, a), (second, b));
        for (var i = 0; i < output.Length; i++)
        {
            var expected = function(first[Index(i, sizes, a)], second[Index(i, sizes, b)]);
            Assert.True(expected.Equals(output[i]), $"{kind} element {i}: {output[i]} instead of {expected}");
        }
    }

    private static int Index(int flat, int[] sizes, int[] operand)
    {
        var index = 0;
        var stride = 1;
        for (var i = 1; i <= sizes.Length; i++)
        {
            var position = flat % sizes[^i];
            flat /= sizes[^i];
            if (i <= operand.Length)
            {
                index += operand[^i] == 1 ? 0 : position * stride;
                stride *= operand[^i];
            }
        }

        return index;
    }

    private static uint[] Dims(int[] sizes) => Array.ConvertAll(sizes, s => (uint)s);
}
