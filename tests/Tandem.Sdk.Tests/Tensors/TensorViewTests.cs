using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests.Tensors;

public sealed unsafe class TensorViewTests
{
    private static readonly TensorLayout Layout = new(ScalarType.Float, [2, 8]);

    [Fact]
    public void A_dynamic_view_resizes_within_its_element_count()
    {
        var view = new TensorView(Layout, ShapeDynamism.DynamicBound);
        view.Resize([4, 3]);
        Assert.Equal((12L, 48L, 64L), (view.ElementCount, view.ByteCount, view.MaxByteCount));
        Assert.Equal([3, 1], view.Strides.ToArray());
        view.Resize([0, 100]);
        Assert.Equal(0, view.ElementCount);
        view.Resize([2, 8]);
        Assert.Equal(16, view.ElementCount);
        Assert.Equal("float32 [2, 8]", view.ToString());
    }

    [Fact]
    public void A_resize_that_is_refused_changes_nothing()
    {
        var view = new TensorView(Layout, ShapeDynamism.DynamicBound);
        Refused(view, 3, 8);
        Refused(view, 16);
        Refused(view, -1, 2);
        Refused(view, -2, -8);
        Refused(view, int.MaxValue, int.MaxValue);
        Assert.Equal([2, 8], view.Sizes.ToArray());

        var cube = new TensorView(new TensorLayout(ScalarType.Byte, [1, 1, 1, 1]), ShapeDynamism.DynamicBound);
        Refused(cube, 1 << 16, 1 << 16, 1 << 16, 1 << 16);
        var fixedShape = new TensorView(Layout);
        Refused(fixedShape, 1, 8);
        fixedShape.Resize([2, 8]);

        static void Refused(TensorView view, params int[] sizes) => Expect.Error(ErrorCode.ShapeExceedsBound, () => view.Resize(sizes));
    }

    [Fact]
    public void A_dim_order_is_changed_with_its_strides_and_must_be_a_permutation()
    {
        var view = new TensorView(Layout, ShapeDynamism.DynamicBound);
        view.Resize([2, 4], [1, 0]);
        Assert.False(view.IsContiguous);
        Assert.Equal([1, 2], view.Strides.ToArray());
        Assert.Equal(new TensorLayout(ScalarType.Float, [2, 4], [1, 0]), view.ToLayout());
        Expect.Error(ErrorCode.TensorInvalid, () => view.Resize([2, 4], [0, 0]));
        Assert.Equal([1, 0], view.DimOrder.ToArray());
    }

    [Fact]
    public void Spans_are_refused_without_memory_with_another_size_and_for_constants()
    {
        var view = new TensorView(Layout);
        Expect.Error(ErrorCode.ArgumentInvalid, () => view.AsReadOnlySpan<float>());
        var data = stackalloc float[16];
        view.Bind(data);
        view.AsSpan<float>()[15] = 3;
        Assert.Equal(3, view.AsReadOnlySpan<float>()[15]);
        Assert.Equal(3, data[15]);
        Expect.Error(ErrorCode.ArgumentInvalid, () => view.AsSpan<double>());
        var constant = new TensorView(Layout, isReadOnly: true);
        constant.Bind(data);
        Assert.Equal(16, constant.AsReadOnlySpan<int>().Length);
        Expect.Error(ErrorCode.ArgumentInvalid, () => constant.AsSpan<float>());
        view.Bind(null);
        Expect.Error(ErrorCode.ArgumentInvalid, () => view.AsSpan<float>());
    }

    [Fact]
    public void A_tensor_over_the_range_of_a_span_is_refused_and_an_empty_one_needs_no_memory()
    {
        var huge = new TensorView(new TensorLayout(ScalarType.Byte, [1 << 16, 1 << 16]));
        byte one = 0;
        huge.Bind(&one);
        Expect.Error(ErrorCode.ArgumentInvalid, () => huge.AsReadOnlySpan<byte>());
        Assert.True(new TensorView(new TensorLayout(ScalarType.Float, [0])).AsReadOnlySpan<float>().IsEmpty);
    }
}
