using Tandem.Host.Execution;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Execution;

public sealed unsafe class MethodTests
{
    /// <summary>out = a + b over float [2, 3], dynamic if asked.</summary>
    private static PlanBuilder Adds(TensorStorageKind storage = TensorStorageKind.Planned, ShapeDynamism dynamism = ShapeDynamism.Static)
    {
        var plan = new PlanBuilder();
        var a = plan.Input([2, 3], storage: storage, dynamism: dynamism);
        var b = plan.Input([2, 3], storage: storage, dynamism: dynamism);
        return plan.Call("test::add", a, b, plan.Output([2, 3], storage: storage, dynamism: dynamism));
    }

    private static ErrorCode CodeOf(Action action) => Assert.Throws<TandemException>(action).Code;

    [Theory]
    [InlineData(TensorStorageKind.Planned)]
    [InlineData(TensorStorageKind.Unplanned)]
    public void InputsAreCopiedAndOutputsRead(TensorStorageKind storage)
    {
        using var host = new TestHost();
        using var program = host.Load(Adds(storage));
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        Assert.Same(method, session.GetMethod("forward"));
        Assert.Equal([2, 3], method.Info.Inputs[0].MaxSizes.ToArray());
        method.SetInput<float>(0, [1, 2, 3, 4, 5, 6], [2, 3]);
        method.SetInput<float>(1, [10, 20, 30, 40, 50, 60], [2, 3]);
        method.Execute();
        Assert.Equal([11, 22, 33, 44, 55, 66], method.GetOutput(0).AsReadOnlySpan<float>().ToArray());

        // Inputs stay set.
        method.SetInput<float>(1, [0, 0, 0, 0, 0, 0], [2, 3]);
        method.Execute();
        Assert.Equal([1, 2, 3, 4, 5, 6], method.GetOutput(0).AsReadOnlySpan<float>().ToArray());
    }

    [Fact]
    public void BoundMemoryIsUsedInPlaceAndLeftByTheNextSet()
    {
        using var host = new TestHost();
        using var program = host.Load(Adds(TensorStorageKind.Unplanned));
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        float* a = stackalloc float[6];
        float* result = stackalloc float[6];
        method.BindInput(0, a, [2, 3]);
        method.SetInput<float>(1, [1, 1, 1, 1, 1, 1], [2, 3]);
        method.BindOutput(0, result, 24);
        a[5] = 41;
        method.Execute();
        Assert.Equal(42, result[5]);
        method.SetInput<float>(0, [7, 7, 7, 7, 7, 7], [2, 3]);
        Assert.Equal(41, a[5]);
        method.Execute();
        Assert.Equal(8, result[5]);
        Assert.Equal(ErrorCode.OutputInvalid, CodeOf(() => method.BindOutput(0, null, 24)));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.BindInput(0, null, [2, 3])));
    }

    [ProducesError(ErrorCode.ShapeExceedsBound)]
    [Fact]
    public void ShapesChangeUpToTheirBound()
    {
        using var host = new TestHost();
        using var program = host.Load(Adds(dynamism: ShapeDynamism.DynamicBound));
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        method.SetInput<float>(0, [1, 2], [1, 2]);
        method.SetInput<float>(1, [3, 4], [1, 2]);
        method.Execute();
        Assert.Equal([1, 2], method.GetOutput(0).Sizes.ToArray());
        Assert.Equal([4, 6], method.GetOutput(0).AsReadOnlySpan<float>().ToArray());
        var error = Assert.Throws<TandemException>(() => method.SetInput<float>(0, new float[8], [2, 4]));
        Assert.Equal(ErrorCode.ShapeExceedsBound, error.Code);
        Assert.Contains("input 0", error.Message);
        Assert.Equal(ErrorCode.ShapeExceedsBound, CodeOf(() => method.SetInput<float>(0, new float[2], [2])));
    }

    [ProducesError(ErrorCode.InputInvalid)]
    [ProducesError(ErrorCode.OutputInvalid)]
    [ProducesError(ErrorCode.MethodNotFound)]
    [Fact]
    public void WrongInputsAreRefused()
    {
        using var host = new TestHost();
        using var program = host.Load(Adds());
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.Execute()));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput<float>(2, new float[6], [2, 3])));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput<float>(-1, new float[6], [2, 3])));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput<int>(0, new int[6], [2, 3])));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput<double>(0, new double[6], [2, 3])));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput<float>(0, new float[5], [2, 3])));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput(0, EValue.FromInt(1))));
        Assert.Equal(ErrorCode.ShapeExceedsBound, CodeOf(() => method.SetInput<float>(0, new float[2], [1, 2])));
        Assert.Equal(ErrorCode.OutputInvalid, CodeOf(() => method.GetOutput(1)));
        Assert.Equal(ErrorCode.MethodNotFound, CodeOf(() => session.GetMethod("backward")));
    }

    [Fact]
    public void PlainInputsMustBeTheTracedValues()
    {
        using var host = new TestHost();
        var plan = new PlanBuilder();
        foreach (var value in (ValueModel[])[new ValueModel.Int(5), new ValueModel.Double(2.0), new ValueModel.Bool(true), new ValueModel.String("x"), new ValueModel.None()])
        {
            plan.AsOutput(plan.AsInput(plan.Value(value)));
        }

        using var program = host.Load(plan);
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        method.SetInput(0, EValue.FromInt(5));
        method.SetInput(1, EValue.FromDouble(2.00011));
        method.SetInput(2, EValue.FromBool(true));
        method.SetInput(3, EValue.FromString("x"));
        method.SetInput(4, EValue.None);
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput(0, EValue.FromInt(6))));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput(1, EValue.FromDouble(2.00013))));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput(1, EValue.FromDouble(double.NaN))));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput(2, EValue.FromBool(false))));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput(3, EValue.FromString("y"))));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput(4, EValue.FromInt(0))));
        method.Execute();
        Assert.Equal(5, method.GetOutputValue(0).AsInt());
        Assert.Equal(2.0, method.GetOutputValue(1).AsDouble());
        Assert.Equal("x", method.GetOutputValue(3).AsString());
        Assert.Equal(ErrorCode.OutputInvalid, CodeOf(() => method.GetOutput(0)));
    }

    [Fact]
    public void NotANumberAndInfinityAreTracedValuesToo()
    {
        using var host = new TestHost();
        var plan = new PlanBuilder();
        plan.AsInput(plan.Value(new ValueModel.Double(double.NaN)));
        plan.AsInput(plan.Value(new ValueModel.Double(double.PositiveInfinity)));
        using var program = host.Load(plan);
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        method.SetInput(0, EValue.FromDouble(double.NaN));
        method.SetInput(1, EValue.FromDouble(double.PositiveInfinity));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput(0, EValue.FromDouble(0))));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput(1, EValue.FromDouble(double.NegativeInfinity))));
        Assert.Equal(ErrorCode.InputInvalid, CodeOf(() => method.SetInput(1, EValue.FromDouble(5))));
    }

    [Fact]
    public void ConstantsPointIntoTheFile()
    {
        using var host = new TestHost();
        var plan = new PlanBuilder();
        var a = plan.Input([3]);
        var constant = plan.Tensor([3], storage: TensorStorageKind.Constant, data: 1);
        plan.Call("test::add", a, constant, plan.Output([3])).AsOutput(constant);
        using var program = host.Load([[9, 9], [1, 2, 3]], plan);
        using var session = program.CreateSession();
        using var other = program.CreateSession();
        var method = session.GetMethod("forward");
        method.SetInput<float>(0, [10, 10, 10], [3]);
        method.Execute();
        Assert.Equal([11, 12, 13], method.GetOutput(0).AsReadOnlySpan<float>().ToArray());
        var view = method.GetOutput(1);
        Assert.True(view.IsReadOnly);
        Assert.True(view.Data == other.GetMethod("forward").GetOutput(1).Data);
        Assert.Equal(ErrorCode.OutputInvalid, CodeOf(() => method.BindOutput(1, view.Data, 12)));
    }

    // count up to 4 with a backward jump: jump_false(less(count, limit)) at the end goes on, so the test is turned round with a constant false.
    private static PlanBuilder Loop(long limit, bool isEndless = false)
    {
        var plan = new PlanBuilder();
        var counter = plan.AsOutput(plan.Value(new ValueModel.Int(0)));
        var one = plan.Value(new ValueModel.Int(limit));
        var condition = plan.Value(new ValueModel.Bool(false));
        var never = plan.Value(new ValueModel.Bool(false));
        plan.Call("test::count", counter);
        plan.Call("test::less", counter, one, condition);
        if (!isEndless)
        {
            plan.Add(new InstructionModel.JumpFalse(condition, 4));
        }

        return plan.Add(new InstructionModel.JumpFalse(never, 0));
    }

    [Fact]
    public void JumpsLoopAndEveryExecutionStartsAnew()
    {
        using var host = new TestHost();
        using var program = host.Load(Loop(1000));
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        for (var i = 0; i < 3; i++)
        {
            method.Execute();
            Assert.Equal(1000, method.GetOutputValue(0).AsInt());
        }
    }

    [ProducesError(ErrorCode.InstructionLimitExceeded)]
    [Fact]
    public void EndlessProgramsAreStopped()
    {
        using var host = new TestHost();
        using var program = host.Load(Loop(1, isEndless: true));
        using var session = program.CreateSession();
        var error = Assert.Throws<TandemException>(() => session.GetMethod("forward").Execute());
        Assert.Equal(ErrorCode.InstructionLimitExceeded, error.Code);
    }

    [Fact]
    public void AnEndlessProgramIsCancelled()
    {
        using var host = new TestHost();
        using var program = host.Load(Loop(1, isEndless: true));
        using var session = program.CreateSession();
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        Assert.Throws<OperationCanceledException>(() => session.GetMethod("forward").Execute(cancellation.Token));
        Assert.Equal(ErrorCode.InstructionLimitExceeded, CodeOf(() => session.GetMethod("forward").Execute()));
    }

    [Theory]
    [InlineData(new byte[] { 1, 1, 1 }, 10)]
    [InlineData(new byte[] { 1, 0, 1 }, 20)]
    public void ATensorConditionIsFalseIfAnyElementIs(byte[] condition, long expected)
    {
        using var host = new TestHost();
        var plan = new PlanBuilder();
        var flag = plan.Input([3], ScalarType.Bool);
        var output = plan.AsOutput(plan.Value(new ValueModel.Int(20)));
        var ten = plan.Value(new ValueModel.Int(10));
        plan.Add(new InstructionModel.JumpFalse(flag, 2)).Add(new InstructionModel.Move(ten, output));
        using var program = host.Load(plan);
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        method.SetInput<byte>(0, condition, [3]);
        method.Execute();
        Assert.Equal(expected, method.GetOutputValue(0).AsInt());
    }

    [ProducesError(ErrorCode.InstructionInvalid)]
    [Fact]
    public void AFloatTensorIsNoCondition()
    {
        using var host = new TestHost();
        var plan = new PlanBuilder();
        plan.Add(new InstructionModel.JumpFalse(plan.Input([1]), 1));
        using var program = host.Load(plan);
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        method.SetInput<float>(0, [1], [1]);
        Assert.Equal(ErrorCode.InstructionInvalid, CodeOf(() => method.Execute()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnOperatorThatWouldWriteIntoAConstantIsRefusedWhenTheMethodIsLoaded(bool isMoved)
    {
        using var host = new TestHost();
        var plan = new PlanBuilder();
        var (a, constant, output) = (plan.Input([2]), plan.Tensor([2], storage: TensorStorageKind.Constant), plan.Output([2]));
        if (isMoved)
        {
            plan.Add(new InstructionModel.Move(constant, output));
        }

        plan.Call("test::add", a, a, isMoved ? output : constant);
        using var program = host.Load([[1, 2]], plan);
        using var session = program.CreateSession();
        Assert.Equal(ErrorCode.InstructionInvalid, CodeOf(() => session.GetMethod("forward")));
    }

    [Fact]
    public void FreeingAnInputLeavesTheCallersMemoryBound()
    {
        using var host = new TestHost();
        var plan = new PlanBuilder();
        var a = plan.Input([2]);
        plan.Call("test::add", a, a, plan.Output([2])).Add(new InstructionModel.Free(a));
        using var program = host.Load(plan);
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        float* mine = stackalloc float[2];
        (mine[0], mine[1]) = (1, 2);
        method.BindInput(0, mine, [2]);
        for (var i = 0; i < 2; i++)
        {
            method.Execute();
            Assert.Equal([2, 4], method.GetOutput(0).AsReadOnlySpan<float>().ToArray());
        }
    }

    [ProducesError(ErrorCode.OperatorMissing)]
    [Fact]
    public void AllMissingOperatorsAreNamedWhenTheMethodIsLoaded()
    {
        using var host = new TestHost();
        var good = Adds();
        var bad = new PlanBuilder("bad").Call("zeta::op.out").Call("test::add").Call("alpha::op");
        using var program = host.Load(good, bad);
        using var session = program.CreateSession();
        var error = Assert.Throws<TandemException>(() => session.GetMethod("bad"));
        Assert.Equal(ErrorCode.OperatorMissing, error.Code);
        Assert.Contains("alpha::op, zeta::op.out", error.Message);
        Assert.Contains("'bad'", error.Message);
        Assert.Equal(ErrorCode.OperatorMissing, CodeOf(program.CheckLoadable));
        Assert.NotNull(session.GetMethod("forward"));
    }

    [Fact]
    public void ErrorsOfOperatorsSayWhereAndTheSessionSurvives()
    {
        using var host = new TestHost();
        var plan = new PlanBuilder("bad");
        plan.Call("test::throw").Call("test::refuse");
        using var program = host.Load(Adds(), plan, new PlanBuilder("refused").Call("test::refuse"));
        using var session = program.CreateSession();
        var error = Assert.Throws<TandemException>(() => session.GetMethod("bad").Execute());
        Assert.Equal(ErrorCode.OperatorArgumentInvalid, error.Code);
        Assert.IsType<InvalidCastException>(error.InnerException);
        Assert.Contains("instruction 0 test::throw", error.Message);
        error = Assert.Throws<TandemException>(() => session.GetMethod("refused").Execute());
        Assert.Contains("method 'refused', instruction 0 test::refuse", error.Message);
        var method = session.GetMethod("forward");
        method.SetInput<float>(0, new float[6], [2, 3]);
        method.SetInput<float>(1, new float[6], [2, 3]);
        method.Execute();
    }

    [Fact]
    public void TensorsOfOtherDevicesAreRefused()
    {
        using var host = new TestHost();
        var plan = new PlanBuilder();
        plan.AsInput(plan.Tensor([2], device: 1));
        using var program = host.Load(plan);
        using var session = program.CreateSession();
        Assert.Equal(ErrorCode.ProgramNotSupported, CodeOf(() => session.GetMethod("forward")));
    }

    [Fact]
    public void ExecuteAllocatesNothing()
    {
        using var host = new TestHost(options => options.Threads = 2);
        using var program = host.Load(Adds(dynamism: ShapeDynamism.DynamicBound), Counts());
        using var session = program.CreateSession();
        foreach (var method in (Method[])[session.GetMethod("forward"), session.GetMethod("loop")])
        {
            for (var i = 0; i < method.Info.Inputs.Count; i++)
            {
                method.SetInput<float>(i, [1, 2, 3, 4, 5, 6], [2, 3]);
            }

            method.Execute();
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                method.Execute();
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        static PlanBuilder Counts()
        {
            var plan = new PlanBuilder("loop");
            var counter = plan.AsOutput(plan.Value(new ValueModel.Int(0)));
            var limit = plan.Value(new ValueModel.Int(5));
            var (condition, never) = (plan.Value(new ValueModel.Bool(false)), plan.Value(new ValueModel.Bool(false)));
            return plan.Call("test::count", counter).Call("test::less", counter, limit, condition)
                .Add(new InstructionModel.JumpFalse(condition, 4)).Add(new InstructionModel.JumpFalse(never, 0));
        }
    }

    [Fact]
    public void ListenersHearEveryInstruction()
    {
        using var host = new TestHost();
        using var program = host.Load(Adds());
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        method.SetInput<float>(0, new float[6], [2, 3]);
        method.SetInput<float>(1, new float[6], [2, 3]);
        var listener = new Listener();
        session.Listener = listener;
        method.Execute();
        session.Listener = null;
        method.Execute();
        Assert.Equal(["forward 0 test::add"], listener.Heard);
    }

    private sealed class Listener : IExecutionListener
    {
        internal List<string> Heard { get; } = [];

        public void Instruction(string method, int instruction, string target, long startTimestamp, long endTimestamp)
        {
            Assert.InRange(startTimestamp, 1, endTimestamp);
            Heard.Add($"{method} {instruction} {target}");
        }
    }
}
