using Tandem.Host.Building;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Building;

/// <summary>What the typed methods give, by family; eager PyTorch gives the same.</summary>
public sealed class GraphTensorTests
{
    [Fact]
    public void Element_types_are_promoted_as_in_PyTorch() => Build((method, x) =>
    {
        var whole = x.To(ScalarType.Long);
        var half = x.To(ScalarType.Half);
        var truth = x.Gt(0);
        Expect("int64 [2, 4]", whole + 1);
        Expect("float32 [2, 4]", whole + 0.5);
        Expect("float32 [2, 4]", whole / 2);
        Expect("float16 [2, 4]", half * 0.5);
        Expect("float32 [2, 4]", half + x);
        Expect("float16 [2, 4]", half + whole);
        Expect("float16 [2, 4]", half + x.Sum());
        Expect("int64 [2, 4]", truth.Sum([1], keepDim: false).Unsqueeze(1).Expand([2, 4]));
        Expect("int64 [2, 4]", truth + 1);
        Expect("bool [2, 4]", truth.LogicalAnd(whole));
        Expect("float32 [2, 4]", whole.Sqrt());
        Expect("float32 [2, 4]", 1 - x);
        Expect("float32 [2, 4]", -x.Pow(2).Clamp(0, 1));
    });

    [Fact]
    public void Sizes_broadcast() => Build((method, x) =>
    {
        Expect("float32 [3, 2, 4]", x + x.Reshape([2, 4]).Unsqueeze(0).Expand([3, -1, -1]));
        Expect("float32 [2, 4]", x * x.Mean([0]));
        Expect("float32 [2, 4]", method.Where(x.Lt(0), x, x.Mean([1], keepDim: true)));
        Assert.Throws<TandemException>(() => x + x.T());
    });

    [Fact]
    public void Windows_give_the_sizes_of_convolution_and_pooling_arithmetic() => Build((method, _) =>
    {
        var image = method.Input("image", ScalarType.Float, 1, 8, 17, 20);
        var weight = method.Zeros([16, 8, 3, 3]);
        Expect("float32 [1, 16, 17, 20]", image.Conv2d(weight, padding: 1));
        Expect("float32 [1, 16, 8, 9]", image.Conv2d(weight, stride: 2));
        Expect("float32 [1, 16, 15, 9]", image.Conv2d(weight, stride: (1, 2)));
        Expect("float32 [1, 8, 15, 18]", image.Conv2d(method.Zeros([8, 1, 3, 3]), groups: 8));
        Expect("float32 [1, 4, 34, 40]", image.ConvTranspose2d(method.Zeros([8, 4, 2, 2]), stride: 2));
        Expect("float32 [1, 8, 8, 10]", image.MaxPool2d(2));
        Expect("float32 [1, 8, 9, 10]", image.MaxPool2d(2, ceilMode: true));
        Expect("float32 [1, 8, 9, 10]", image.AvgPool2d(3, 2, 1));
        Expect("float32 [1, 8, 1, 1]", image.AdaptiveAvgPool2d(1));
        Expect("float32 [1, 8, 34, 40]", image.UpsampleNearest2d((2, 2)));
        Expect("float32 [1, 2, 34, 40]", image.PixelShuffle(2));
        Expect("float32 [1, 8, 19, 23]", image.Pad([1, 2, 1, 1]));
        Expect("float32 [1, 8, 17, 20] dim order [0, 2, 3, 1]", image.ToChannelsLast().Relu());
        Expect("float32 [1, 8, 17, 20]", image.ToChannelsLast().Contiguous());
        Expect("float32 [1, 16, 17, 20] dim order [0, 2, 3, 1]", image.ToChannelsLast().Conv2d(weight, padding: 1));
        Assert.Throws<TandemException>(() => image.Conv2d(method.Zeros([16, 4, 3, 3])));
        Assert.Throws<TandemException>(() => image.Conv2d(method.Zeros([16, 8, 30, 3])));
    });

    [Fact]
    public void Normalisations_keep_the_sizes_and_check_their_weights() => Build((method, x) =>
    {
        var four = method.Ones([4]);
        Expect("float32 [2, 4]", x.LayerNorm([4], four, four));
        Expect("float32 [2, 4]", x.RmsNorm([4], four));
        Expect("float32 [2, 4]", x.BatchNorm(four, four, four, four));
        Expect("float32 [2, 4]", x.Unsqueeze(2).GroupNorm(2, four, four).Squeeze(2));
        Assert.Throws<TandemException>(() => x.LayerNorm([2]));
        Assert.Throws<TandemException>(() => x.BatchNorm(four, four, four, method.Ones([3])));
    });

    [Fact]
    public void Reductions_and_order() => Build((method, x) =>
    {
        Expect("float32 []", x.Sum());
        Expect("float32 [2, 1]", x.Amax([1], keepDim: true));
        Expect("int64 [2]", x.Argmax(-1));
        Expect("int64 []", x.Argmax());
        Expect("float32 [4]", x.Var([0]));
        Expect("int64 [2, 4]", x.To(ScalarType.Int).CumSum(1));
        Expect("float32 [2, 3]", x.TopK(3).Values);
        Expect("int64 [2, 4]", x.Sort().Indices);
        Assert.Throws<TandemException>(() => x.TopK(5));
        Assert.Throws<TandemException>(() => x.To(ScalarType.Int).Mean());
        Assert.Throws<TandemException>(() => x.Softmax(2));
    });

    [Fact]
    public void Views_and_joins() => Build((method, x) =>
    {
        Expect("float32 [4, 2] dim order [1, 0]", x.Transpose(0, 1));
        Expect("float32 [8]", x.T().Reshape([-1]));
        Expect("float32 [2, 2, 2]", x.Unflatten(1, [2, -1]));
        Expect("float32 [2]", x.Select(1, -1));
        Assert.Equal("[2, 2]", $"[{string.Join(", ", x.Slice(1, 0, null, 2).Spec.Sizes)}]");
        Assert.Equal(["[2, 3]", "[2, 1]"], x.Split(3, 1).Select(part => $"[{string.Join(", ", part.Spec.Sizes)}]"));
        Expect("float32 [2, 8]", method.Cat([x, x], -1));
        Expect("float32 [2, 2, 4]", method.Stack([x, x], 1));
        Expect("float32 [4, 4]", method.Einsum("ij,ik->jk", [x, x]));
        Expect("float32 [6, 4]", x.Repeat([3, 1]));
        Assert.Throws<TandemException>(() => x.T().View([8]));
        Assert.Throws<TandemException>(() => x.Reshape([3, -1]));
        Assert.Throws<TandemException>(() => x.Select(0, 2));
        Assert.Throws<TandemException>(() => method.Cat([x, x.T()], 0));
    });

    [Fact]
    public void Indexing_and_attention() => Build((method, x) =>
    {
        var index = method.Input("index", ScalarType.Long, 3);
        Expect("float32 [3, 4]", x.Index(index));
        Expect("float32 [2, 3]", x.IndexSelect(1, index));
        Expect("float32 [3, 4]", index.Embedding(x));
        Expect("float32 [2, 4]", x.IndexCopy(1, index, method.Zeros([2, 3])));
        var query = method.Input("query", ScalarType.Float, 1, 4, 6, 8);
        Expect("float32 [1, 4, 6, 8]", query.ScaledDotProductAttention(query, query, isCausal: true));
        Expect("float32 [1, 4, 6, 8]", query.ScaledDotProductAttention(method.Zeros([1, 2, 9, 8]), method.Zeros([1, 2, 9, 8]), method.Zeros([6, 9]), enableGqa: true));
        Assert.Throws<TandemException>(() => query.ScaledDotProductAttention(query, query, method.Zeros([5, 6])));
        Assert.Throws<TandemException>(() => x.Index(x));
    });

    [Fact]
    public void Dynamic_sizes_keep_their_bounds() => Build((method, x) =>
    {
        var length = method.Program.Dim("length", 2, 64);
        var tokens = method.Input("tokens", ScalarType.Long, 1, length);
        var hidden = tokens.Embedding(method.Zeros([100, 16]));
        Expect("float32 [1, length[2..64], 16]", hidden);
        Expect("float32 [1, 4, length[2..64], 4] dim order [0, 2, 1, 3]", hidden.Reshape([1, length, 4, -1]).Transpose(1, 2));
        Expect("float32 [1, 16]", hidden.Slice(1, -1).Squeeze(1));
        Expect("float32 [1, 2*length[4..128], 16]", method.Cat([hidden, hidden], 1));
        Expect("float32 [1, 16, (length + 1)//2[1..32]]", hidden.Transpose(1, 2).Conv1d(method.Zeros([16, 16, 3]), stride: 2, padding: 1));
        Expect("float32 [1, length[2..64], length[2..64]]", hidden.MatMul(hidden.Transpose(1, 2)));
        Assert.Throws<TandemException>(() => hidden + method.Zeros([1, 5, 16]));
    });

    private static void Expect(string spec, GraphTensor tensor) => Assert.Equal(spec, tensor.Spec.ToString());

    private static void Build(Action<MethodBuilder, GraphTensor> use)
    {
        var builder = new ExportedProgramBuilder();
        builder.Method("forward", method =>
        {
            var x = method.Input("x", ScalarType.Float, 2, 4);
            use(method, x);
            method.Output(x.Relu());
        });
        Assert.NotEmpty(builder.Build().Methods[0].Graph.Nodes);
    }
}
