using System.Numerics.Tensors;
using Tandem.Host.Execution;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Execution;

public sealed unsafe class MethodTensorsTests
{
    private static PlanBuilder Doubles()
    {
        var plan = new PlanBuilder();
        var input = plan.Input([2, 3], dynamism: ShapeDynamism.DynamicBound);
        return plan.Call("test::add", input, input, plan.Output([2, 3], dynamism: ShapeDynamism.DynamicBound));
    }

    [Fact]
    public void TensorsGoInAndOutputsAreReadInPlace()
    {
        using var host = new TestHost();
        using var program = host.Load(Doubles());
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        method.SetInput(0, Tensor.Create<float>([1, 2, 3, 4, 5, 6], [2, 3]));
        method.Execute();
        var output = method.GetOutputSpan<float>(0);
        Assert.Equal([(nint)2, 3], output.Lengths.ToArray());
        Assert.Equal(12, output[1, 2]);
        Assert.Equal(4, output[0, 1]);
        fixed (float* first = &output.GetPinnableReference())
        {
            Assert.True(first == method.GetOutput(0).Data);
        }
    }

    [Fact]
    public void TransposedTensorsAreRearranged()
    {
        using var host = new TestHost();
        using var program = host.Load(Doubles());
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");

        // [3, 2] in memory, seen as [2, 3].
        var view = new ReadOnlyTensorSpan<float>([1, 4, 2, 5, 3, 6], [2, 3], [1, 2]);
        method.SetInput(0, view);
        method.Execute();
        Assert.Equal([2, 4, 6, 8, 10, 12], method.GetOutput(0).AsReadOnlySpan<float>().ToArray());
    }

    [Fact]
    public void SmallerShapesAndSingleElementsWork()
    {
        using var host = new TestHost();
        using var program = host.Load(Doubles());
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        foreach (var (rows, columns) in ((int, int)[])[(1, 3), (2, 1), (1, 1)])
        {
            method.SetInput(0, Tensor.Create<float>([.. Enumerable.Range(1, rows * columns).Select(item => (float)item)], [rows, columns]));
            method.Execute();
            var output = method.GetOutputSpan<float>(0);
            Assert.Equal([(nint)rows, columns], output.Lengths.ToArray());
            Assert.Equal(2 * rows * columns, output[rows - 1, columns - 1]);
        }
    }

    [Fact]
    public void OtherTypesAndShapesAreRefused()
    {
        using var host = new TestHost();
        using var program = host.Load(Doubles());
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        Assert.Equal(ErrorCode.InputInvalid, Assert.Throws<TandemException>(() => method.SetInput(0, Tensor.Create<int>([1, 2], [1, 2]))).Code);
        Assert.Equal(ErrorCode.ShapeExceedsBound, Assert.Throws<TandemException>(() => method.SetInput(0, Tensor.Create<float>([1, 2], [2]))).Code);
        Assert.Equal(ErrorCode.OutputInvalid, Assert.Throws<TandemException>(() => _ = method.GetOutputSpan<int>(0).Rank).Code);
    }
}
