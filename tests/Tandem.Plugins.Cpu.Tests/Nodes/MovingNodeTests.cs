using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>Nodes that move elements: transposition, reshape, slice, padding, concatenation, copy.</summary>
public class MovingNodeTests
{
    [Theory]
    [InlineData("scalar")]
    [InlineData("vector128")]
    public void Every_permutation_of_every_shape(string isa)
    {
        int[][] shapes = [[7], [5, 9], [3, 17, 6], [2, 5, 1, 19], [2, 3, 4, 5, 6], [2, 1, 3, 2, 5, 4], [1, 3, 100, 300], [64, 33]];
        foreach (var sizes in shapes)
        {
            var permutations = Permutations(sizes.Length).ToList();
            foreach (var permutation in permutations.Where((_, i) => permutations.Count <= 24 || i % 7 == 0))
            {
                var input = TestData.Numbers(Count(sizes), 3);
                int[] outputSizes = [.. permutation.Select(p => sizes[p])];
                var writer = new PayloadWriter();
                var x = writer.Input(Dims(sizes));

                // Twice, so that one goes through an internal value.
                var inner = writer.Internal(Dims(sizes));
                writer.Unary(PayloadNodeKind.Negate, x, inner);
                writer.Transpose(inner, writer.Output(Dims(outputSizes)), [.. permutation.Select(p => (uint)p)]);
                var output = DelegateRunner.Run(writer, isa, outputSizes, (input, sizes));
                var strides = Strides(sizes);
                var index = new int[sizes.Length];
                for (var i = 0; i < output.Length; i++)
                {
                    var source = 0;
                    for (var d = 0; d < index.Length; d++)
                    {
                        source += index[d] * strides[permutation[d]];
                    }

                    Assert.Equal(-input[source], output[i]);
                    for (var d = index.Length - 1; d >= 0 && ++index[d] == outputSizes[d]; d--)
                    {
                        index[d] = 0;
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData("scalar")]
    [InlineData("vector128")]
    public void Slices_and_padding_undo_each_other(string isa)
    {
        var random = new Random(5);
        for (var round = 0; round < 40; round++)
        {
            var rank = random.Next(1, 7);
            int[] sizes = [.. Enumerable.Range(0, rank).Select(_ => random.Next(1, 6))];
            uint[] before = [.. sizes.Select(_ => (uint)random.Next(0, 3))];
            uint[] after = [.. sizes.Select(_ => (uint)random.Next(0, 3))];
            int[] padded = [.. sizes.Select((s, i) => s + (int)before[i] + (int)after[i])];
            var input = TestData.Numbers(Count(sizes), round);

            var writer = new PayloadWriter();
            var x = writer.Input(Dims(sizes));
            var wide = writer.Output(Dims(padded));
            writer.Pad(x, wide, before, after, 7.5f);
            writer.Slice(wide, writer.Output(Dims(sizes)), before, Dims(sizes));
            using var runner = new DelegateRunner(writer, 3, isa);
            var (a, b, c) = (runner.Floats(input, sizes), runner.Tensor(ScalarType.Float, padded), runner.Tensor(ScalarType.Float, sizes));
            runner.Execute(a, b, c);
            Assert.Equal(input, c.AsReadOnlySpan<float>().ToArray());
            Assert.Equal(Count(padded) - Count(sizes), b.AsReadOnlySpan<float>().ToArray().Count(v => v == 7.5f));
        }
    }

    [Fact]
    public void Concatenations_of_two_to_five_along_every_axis()
    {
        for (var count = 2; count <= 5; count++)
        {
            for (var axis = 0; axis < 3; axis++)
            {
                var writer = new PayloadWriter();
                var inputs = new List<(float[], int[])>();
                var ids = new List<uint>();
                int[] sizes = [2, 3, 4];
                sizes[axis] = 0;
                for (var i = 0; i < count; i++)
                {
                    int[] part = [2, 3, 4];
                    part[axis] = i + 1;
                    sizes[axis] += i + 1;
                    var values = new float[Count(part)];
                    Array.Fill(values, i + 1);
                    inputs.Add((values, part));
                    ids.Add(writer.Input(Dims(part)));
                }

                writer.Concatenate((uint)axis, writer.Output(Dims(sizes)), [.. ids]);
                var output = DelegateRunner.Run(writer, null, sizes, [.. inputs]);
                var stride = Strides(sizes)[axis];
                for (var i = 0; i < output.Length; i++)
                {
                    var position = i / stride % sizes[axis];
                    var expected = 0;
                    while (position >= expected * (expected + 1) / 2)
                    {
                        expected++;
                    }

                    Assert.Equal(expected, output[i]);
                }
            }
        }
    }

    [Fact]
    public void A_reshape_infers_one_size_and_a_copy_of_an_input_is_a_copy()
    {
        var writer = new PayloadWriter();
        var x = writer.Input(2, 3, 4);
        writer.Reshape(x, writer.Output(6, 4), 6, 0);
        writer.Unary(PayloadNodeKind.Copy, x, writer.Output(2, 3, 4));
        using var runner = new DelegateRunner(writer, 3);
        var input = TestData.Numbers(24);
        var (a, b, c) = (runner.Floats(input, 2, 3, 4), runner.Tensor(ScalarType.Float, [6, 4]), runner.Tensor(ScalarType.Float, [2, 3, 4]));
        runner.Execute(a, b, c);
        Assert.Equal(input, b.AsReadOnlySpan<float>().ToArray());
        Assert.Equal(input, c.AsReadOnlySpan<float>().ToArray());
    }

    private static int Count(int[] sizes) => sizes.Aggregate(1, (x, y) => x * y);

    private static uint[] Dims(int[] sizes) => Array.ConvertAll(sizes, s => (uint)s);

    private static int[] Strides(int[] sizes)
    {
        var strides = new int[sizes.Length];
        var stride = 1;
        for (var i = sizes.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= sizes[i];
        }

        return strides;
    }

    private static IEnumerable<int[]> Permutations(int count) => count == 0 ? [[]]
        : Permutations(count - 1).SelectMany(p => Enumerable.Range(0, count).Select(i => (int[])[.. p[..i], count - 1, .. p[i..]]));
}
