using Tandem.Host.Lowering.Passes;
using Tandem.Host.Tests.Lowering.Passes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering.Decomposition;

/// <summary>Operators that models call less often.</summary>
public sealed class FurtherDecompositionTests
{
    [Fact]
    public void Functions_of_two_tensors_follow_their_formula()
    {
        var graph = new AtenGraph();
        var (left, right) = (graph.Input([3], 0, 3, 2), graph.Input([3], 5, 4, 1));
        graph.Output(graph.CallAs([3], "aten::hypot", left, right), graph.CallAs([3], "aten::xlogy.Tensor", left, right), graph.CallAs([3], "aten::sinc", left));

        var outputs = graph.Run();

        Assert.Equal(5, outputs[0][1], 1e-5f);
        Assert.Equal(0, outputs[1][0]);
        Assert.Equal(3 * MathF.Log(4), outputs[1][1], 1e-5f);
        Assert.Equal(1, outputs[2][0]);
    }

    [Fact]
    public void Differences_cross_and_kronecker_products()
    {
        var graph = new AtenGraph();
        var (left, right) = (graph.Input([3], 1, 2, 4), graph.Input([3], 3, 0, 1));
        graph.Output(graph.CallAs([2], "aten::diff", left), graph.CallAs([3], "aten::linalg_cross", left, right), graph.CallAs([9], "aten::kron", left, right));

        var outputs = graph.Run();

        Assert.Equal([1f, 2], outputs[0]);
        Assert.Equal([2f, 11, -6], outputs[1]);
        Assert.Equal([3f, 0, 1, 6, 0, 2, 12, 0, 4], outputs[2]);
    }

    [Fact]
    public void Volumes_are_pooled_by_planes()
    {
        var graph = new AtenGraph();
        var input = graph.Input([1, 1, 2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 9);
        graph.Output(graph.CallAs([1, 1, 1, 1, 1], "aten::max_pool3d", input, new[] { 2 }), graph.CallAs([1, 1, 1, 1, 1], "aten::avg_pool3d", input, new[] { 2 }));

        var outputs = graph.Run();

        Assert.Equal([9f], outputs[0]);
        Assert.Equal([37f / 8], outputs[1]);
    }

    [Fact]
    public void Windows_that_were_cut_out_add_up_again()
    {
        var graph = new AtenGraph();
        var windows = graph.CallAs([1, 4, 4], "aten::im2col", graph.Input([1, 1, 3, 3], 1, 2, 3, 4, 5, 6, 7, 8, 9), new[] { 2, 2 }, new[] { 1, 1 }, new[] { 0, 0 }, new[] { 1, 1 });
        graph.Output(graph.CallAs([1, 1, 3, 3], "aten::col2im", windows, new[] { 3, 3 }, new[] { 2, 2 }, new[] { 1, 1 }, new[] { 0, 0 }, new[] { 1, 1 }));

        Assert.Equal([1f, 4, 3, 8, 20, 12, 7, 16, 9], graph.Run()[0]);
    }

    [Fact]
    public void Nan_counts_for_nothing_in_a_mean_without_it()
    {
        var graph = new AtenGraph();
        graph.Output(graph.CallAs([], "aten::nanmean", graph.Input([3], 1, float.NaN, 4)), graph.CallAs([], "aten::linalg_norm", graph.Input([2], 3, 4)));

        var outputs = graph.Run();

        Assert.Equal([2.5f], outputs[0]);
        Assert.Equal([5f], outputs[1]);
    }

    [Fact]
    public void Numbers_are_found_among_others_and_between_boundaries()
    {
        var graph = new AtenGraph();
        var (numbers, edges) = (graph.Input([3], 0.5f, 2, 9), graph.Input([3], 1, 2, 3));
        var bucket = graph.CallAs(TensorSpec.Contiguous(ScalarType.Long, 3), "aten::bucketize.Tensor", numbers, edges);
        var isIn = graph.CallAs(TensorSpec.Contiguous(ScalarType.Bool, 3), "aten::isin.Tensor_Tensor", numbers, edges);
        graph.Output(graph.Call("aten::mul.Tensor", bucket, 1.0), graph.Call("aten::mul.Tensor", isIn, 1.0));

        var outputs = graph.Run();

        Assert.Equal([0f, 1, 3], outputs[0]);
        Assert.Equal([0f, 1, 0], outputs[1]);
    }
}
