using Tandem.Host.Execution;
using Tandem.Host.Formats.Model;
using Tandem.Host.Kernels;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Execution;

/// <summary>Sessions share the value tables that executions compute with, and nobody can tell.</summary>
public sealed class MethodFrameTests
{
    private static readonly float[][] s_data = [[0, 0], [1, 1, 1, 1, 1, 1]];

    /// <summary>total += in; out = (in + in) + in, over a dynamic intermediate; last = total + 0.</summary>
    private static PlanBuilder Triples()
    {
        var plan = new PlanBuilder();
        var input = plan.Input([3, 2], dynamism: ShapeDynamism.DynamicBound);
        var total = plan.Tensor([2], memoryId: 2, fqn: "total");
        var twice = plan.Tensor([3, 2], dynamism: ShapeDynamism.DynamicBound);
        var row = plan.Input([2]);
        var zero = plan.Tensor([2], storage: TensorStorageKind.Constant, data: 0);
        return plan.Call("test::add", input, input, twice)
            .Call("test::add", twice, input, plan.Output([3, 2], dynamism: ShapeDynamism.DynamicBound))
            .Call("test::add", total, row, total)
            .Call("test::add", total, zero, plan.Output([2]));
    }

    private static MethodFrames Frames(Program program) => program.GetCode(0).Frames;

    private static void Check(Method method, int rows, float value, ref float total)
    {
        var input = Enumerable.Range(0, rows * 2).Select(i => value + i).ToArray();
        method.SetInput<float>(0, input, [rows, 2]);
        method.SetInput<float>(1, [value, -value], [2]);
        method.Execute();
        total += value;
        CheckResults(method, rows, value, total);
    }

    private static void CheckResults(Method method, int rows, float value, float total)
    {
        var output = method.GetOutput(0);
        Assert.Equal([rows, 2], output.Sizes.ToArray());
        for (var i = 0; i < rows * 2; i++)
        {
            Assert.Equal(3 * (value + i), output.AsReadOnlySpan<float>()[i]);
        }

        Assert.Equal([total, -total], method.GetOutput(1).AsReadOnlySpan<float>().ToArray());
    }

    [Fact]
    public void SessionsThatTakeTurnsShareOneFrameAndKeepWhatIsTheirs()
    {
        using var host = new TestHost();
        using var program = host.Load(s_data, Triples());
        var sessions = Enumerable.Range(0, 4).Select(_ => program.CreateSession()).ToList();
        var totals = new float[4];
        var last = new (int Rows, float Value)[4];
        for (var round = 0; round < 12; round++)
        {
            for (var i = 0; i < 4; i++)
            {
                last[i] = (((round + i) % 3) + 1, round + (10 * i));
                Check(sessions[i].GetMethod("forward"), last[i].Rows, last[i].Value, ref totals[i]);
            }

            // What the others have run since has changed neither shapes nor numbers.
            for (var i = 0; i < 4; i++)
            {
                CheckResults(sessions[i].GetMethod("forward"), last[i].Rows, last[i].Value, totals[i]);
            }
        }

        Assert.Equal(1, Frames(program).Count);
        sessions[0].Dispose();
        Check(sessions[1].GetMethod("forward"), 2, 5, ref totals[1]);
        sessions.ForEach(session => session.Dispose());
    }

    [Fact]
    public unsafe void InputsStaySetWhileOtherSessionsExecute()
    {
        using var host = new TestHost();
        using var program = host.Load(s_data, Triples());
        using var one = program.CreateSession();
        using var two = program.CreateSession();
        var (first, second) = (one.GetMethod("forward"), two.GetMethod("forward"));
        float* input = stackalloc float[2];
        float* output = stackalloc float[6];
        (input[0], input[1]) = (4, 5);
        first.BindInput(0, input, [1, 2]);
        first.BindOutput(0, output, 24);
        first.SetInput<float>(1, [1, 2], [2]);
        var total = 0f;
        for (var i = 1; i < 5; i++)
        {
            Check(second, 3, i, ref total);
            first.Execute();
            Assert.Equal([12, 15], new ReadOnlySpan<float>(output, 2).ToArray());
            Assert.Equal([i, 2 * i], first.GetOutput(1).AsReadOnlySpan<float>().ToArray());
        }

        CheckResults(second, 3, 4, total);
    }

    [Fact]
    public void TakingTurnsAllocatesNothing()
    {
        using var host = new TestHost();
        using var program = host.Load(s_data, Triples());
        using var one = program.CreateSession();
        using var two = program.CreateSession();
        var (first, second) = (one.GetMethod("forward"), two.GetMethod("forward"));
        for (var i = 0; i < 3; i++)
        {
            Step(first, i);
            Step(second, i);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 60; i++)
        {
            Step(first, i % 3);
            Step(second, (i + 1) % 3);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void Step(Method method, int rows)
        {
            ReadOnlySpan<float> input = [1, 2, 3, 4, 5, 6];
            ReadOnlySpan<int> sizes = [rows, 2];
            method.SetInput(0, input[..(rows * 2)], sizes);
            method.SetInput(1, input[..2], [2]);
            method.Execute();
        }
    }

    [Fact]
    public async Task SessionsOnThreadsOfTheirOwnDisturbEachOtherInNothing()
    {
        using var host = new TestHost();
        using var program = host.Load(s_data, Triples());
        await Task.WhenAll(Enumerable.Range(0, 3).Select(thread => Task.Run(() =>
        {
            var random = new Random(thread);
            using var one = program.CreateSession();
            using var two = program.CreateSession();
            var totals = new float[2];
            for (var i = 0; i < 1000; i++)
            {
                Check((i % 2 == 0 ? one : two).GetMethod("forward"), random.Next(1, 4), random.Next(8), ref totals[i % 2]);
            }
        }, TestContext.Current.CancellationToken)));
        Assert.InRange(Frames(program).Count, 1, 3);
    }

    [Fact]
    public void AMethodWithMovesKeepsAFrameForEachSession()
    {
        var plan = new PlanBuilder();
        var input = plan.Input([2]);
        var (twice, moved, output) = (plan.Tensor([2]), plan.Tensor([2]), plan.Output([2]));
        plan.Call("test::add", input, input, twice).Add(new InstructionModel.Move(twice, output)).Call("test::add", output, input, moved);
        using var host = new TestHost();
        using var program = host.Load(plan);
        using var one = program.CreateSession();
        using var two = program.CreateSession();
        foreach (var value in (float[])[1, 2])
        {
            Run(one, value);
            Run(two, value + 10);
            Assert.Equal(2 * value, one.GetMethod("forward").GetOutput(0).AsReadOnlySpan<float>()[0]);
            Assert.Equal(2 * (value + 10), two.GetMethod("forward").GetOutput(0).AsReadOnlySpan<float>()[0]);
        }

        Assert.Equal(0, Frames(program).Count);

        static void Run(Session session, float value)
        {
            session.GetMethod("forward").SetInput<float>(0, [value, value], [2]);
            session.GetMethod("forward").Execute();
        }
    }

    [Fact]
    public void AnOperatorThatPutsAnotherTensorIntoAnOutputIsRefused()
    {
        var plan = new PlanBuilder();
        var input = plan.Input([2]);
        var twice = plan.Tensor([2]);
        plan.Call("test::add", input, input, twice).Call("test::replace", twice, plan.Output([2]));
        using var host = new TestHost(options => options.ConfigureKernels += kernels => kernels.Add("test::replace", Replace));
        using var program = host.Load(plan);
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        method.SetInput<float>(0, [1, 2], [2]);
        Assert.Equal(ErrorCode.InstructionInvalid, Assert.Throws<TandemException>(() => method.Execute()).Code);

        static void Replace(KernelContext context, Arguments arguments) => arguments[1] = arguments[0];
    }
}
