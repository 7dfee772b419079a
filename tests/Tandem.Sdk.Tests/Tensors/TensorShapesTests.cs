using CsCheck;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests.Tensors;

public sealed class TensorShapesTests
{
    [Fact]
    public void A_layout_counts_elements_and_bytes()
    {
        var layout = new TensorLayout(ScalarType.Half, [2, 3, 4], [0, 2, 1]);
        Assert.Equal((24L, 48L), (layout.ElementCount, layout.ByteCount));
        Assert.Equal("float16 [2, 3, 4] dim order [0, 2, 1]", layout.ToString());
        Assert.Equal((1L, 8L), (new TensorLayout(ScalarType.Long, []).ElementCount, new TensorLayout(ScalarType.Long, []).ByteCount));
        Assert.Equal(0, new TensorLayout(ScalarType.Float, [3, 0, 5]).ByteCount);
        Assert.Equal(layout, new TensorLayout(ScalarType.Half, [2, 3, 4], [0, 2, 1]));
        Assert.Equal(layout.GetHashCode(), new TensorLayout(ScalarType.Half, [2, 3, 4], [0, 2, 1]).GetHashCode());
        Assert.NotEqual(layout, new TensorLayout(ScalarType.Half, [2, 3, 4]));
        Assert.NotEqual(layout, new TensorLayout(ScalarType.BFloat16, [2, 3, 4], [0, 2, 1]));
    }

    [Fact]
    public void Impossible_layouts_are_refused()
    {
        Refused(ScalarType.Float, [-1]);
        Refused((ScalarType)200, [1]);
        Refused((ScalarType)18, [1]);
        Refused(ScalarType.Float, new int[17]);
        Refused(ScalarType.Float, [2, 2], 0);
        Refused(ScalarType.Float, [2, 2], 0, 0);
        Refused(ScalarType.Float, [2, 2], 0, 2);
        Refused(ScalarType.Float, [int.MaxValue, int.MaxValue, 2]);
        Refused(ScalarType.Float, [0, int.MaxValue, int.MaxValue, int.MaxValue]);

        static void Refused(ScalarType type, int[] sizes, params byte[] order) =>
            Expect.Error(ErrorCode.TensorInvalid, () => _ = new TensorLayout(type, sizes, order));
    }

    [Fact]
    public void Strides_visit_every_element_once() =>
        Gen.Select(Gen.Int[1, 4].Array[1, 4], Gen.Int).Sample((sizes, seed) =>
        {
            var order = Enumerable.Range(0, sizes.Length).Select(dim => (byte)dim).ToArray();
            new Random(seed).Shuffle(order);
            var strides = new long[sizes.Length];
            TensorShapes.FillStrides(sizes, order, strides);
            var offsets = new HashSet<long>();
            var count = sizes.Aggregate(1, (product, size) => product * size);
            for (var i = 0; i < count; i++)
            {
                long offset = 0;
                var rest = i;
                for (var dim = 0; dim < sizes.Length; dim++)
                {
                    offset += rest % sizes[dim] * strides[dim];
                    rest /= sizes[dim];
                }

                Assert.InRange(offset, 0, count - 1);
                Assert.True(offsets.Add(offset));
            }

            Assert.Equal(1, strides[order[^1]]);
        }, iter: 200);

    [Fact]
    public void Every_scalar_type_has_a_size_and_a_name()
    {
        Assert.All(Enum.GetValues<ScalarType>(), type => Assert.True(type.Size() > 0 && !type.TorchName().StartsWith("scalar_type", StringComparison.Ordinal)));
        Assert.Equal(0, ((ScalarType)19).Size());
        Assert.Equal("scalar_type_19", ((ScalarType)19).TorchName());
        Assert.True(ScalarType.BFloat16.IsFloatingPoint() && !ScalarType.Int.IsFloatingPoint() && !ScalarType.Bool.IsInteger());
        Assert.True(ScalarType.UInt64.IsInteger() && ScalarType.ComplexHalf.IsComplex() && !ScalarType.Half.IsComplex());
    }
}
