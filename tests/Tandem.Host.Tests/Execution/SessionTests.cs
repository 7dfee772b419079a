using Tandem.Host.Execution;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Execution;

public sealed class SessionTests
{
    /// <summary>total += input; out = total + 0 (from an output of its own).</summary>
    private static PlanBuilder Accumulates(
        string name, string? fqn = "total", int memoryId = 2, long offset = 0, TensorStorageKind storage = TensorStorageKind.Planned, int data = 0)
    {
        var plan = new PlanBuilder(name);
        var input = plan.Input([2]);
        var total = plan.Tensor([2], storage: storage, memoryId: memoryId, offset: offset, fqn: fqn, data: data);
        var zero = plan.Tensor([2], storage: TensorStorageKind.Constant, data: 1);
        return plan.Call("test::add", total, input, total).Call("test::add", total, zero, plan.Output([2]));
    }

    private static readonly float[][] s_data = [[100, 200], [0, 0]];

    private static float[] Run(Session session, string name, params float[] input)
    {
        var method = session.GetMethod(name);
        method.SetInput<float>(0, input, [2]);
        method.Execute();
        return method.GetOutput(0).AsReadOnlySpan<float>().ToArray();
    }

    [Fact]
    public void NamedStateIsSharedBetweenMethodsAndNotBetweenSessions()
    {
        using var host = new TestHost();
        using var program = host.Load(s_data, Accumulates("a"), Accumulates("b"));
        using var session = program.CreateSession();
        using var other = program.CreateSession();
        Assert.Empty(program.Warnings);
        Assert.Equal([1, 2], Run(session, "a", 1, 2));
        Assert.Equal([11, 22], Run(session, "b", 10, 20));
        Assert.Equal([12, 24], Run(session, "a", 1, 2));
        Assert.Equal([5, 5], Run(other, "b", 5, 5));
        session.ResetState();
        Assert.Equal([1, 1], Run(session, "b", 1, 1));
    }

    [Fact]
    public void UnnamedStateOfAMemoryOfItsOwnIsShared()
    {
        using var host = new TestHost();
        using var program = host.Load(s_data,
            Accumulates("a", null, storage: TensorStorageKind.PlannedInitialised), Accumulates("b", null, storage: TensorStorageKind.PlannedInitialised));
        using var session = program.CreateSession();
        Assert.Equal([101, 202], Run(session, "a", 1, 2));
        Assert.Equal([111, 222], Run(session, "b", 10, 20));
    }

    [Fact]
    public void InitialContentsAreWrittenOnceForASession()
    {
        using var host = new TestHost();
        using var program = host.Load(s_data,
            Accumulates("a", storage: TensorStorageKind.PlannedInitialised), Accumulates("b", storage: TensorStorageKind.PlannedInitialised));
        using var session = program.CreateSession();
        Assert.Equal([101, 202], Run(session, "a", 1, 2));

        // Loading "b" leaves what "a" wrote.
        Assert.Equal([102, 203], Run(session, "b", 1, 1));
        session.ResetState();
        Assert.Equal([100, 200], Run(session, "b", 0, 0));
    }

    [ProducesError(ErrorCode.StateNotShared)]
    [Fact]
    public void StatePlannedAtDifferentPlacesIsSharedByNameWithAWarning()
    {
        using var host = new TestHost();
        using var program = host.Load(s_data, Accumulates("a"), Accumulates("b", offset: 4096));
        using var session = program.CreateSession();
        var warning = Assert.Single(program.Warnings);
        Assert.Contains($"TDM{(int)ErrorCode.StateNotShared}", warning);
        Assert.Contains("'total'", warning);
        Assert.Equal([1, 2], Run(session, "a", 1, 2));
        Assert.Equal([11, 22], Run(session, "b", 10, 20));
    }

    [Fact]
    public void UnnamedStateAmongActivationsIsSeparateWithAWarning()
    {
        using var host = new TestHost();
        using var program = host.Load(s_data,
            Accumulates("a", null, 1, 1024, TensorStorageKind.PlannedInitialised), Accumulates("b", null, 1, 1024, TensorStorageKind.PlannedInitialised));
        using var session = program.CreateSession();
        var warning = Assert.Single(program.Warnings);
        Assert.Contains("StateNotShared", warning);
        Assert.Contains("'a' and 'b'", warning);
        Assert.Equal([101, 202], Run(session, "a", 1, 2));
        Assert.Equal([110, 220], Run(session, "b", 10, 20));
        Assert.Equal([102, 204], Run(session, "a", 1, 2));
    }

    [Fact]
    public void OutputsOutliveExecutionsOfOtherMethods()
    {
        using var host = new TestHost();
        using var program = host.Load(s_data, Accumulates("a"), Accumulates("b"));
        using var session = program.CreateSession();
        Run(session, "a", 1, 2);
        Run(session, "b", 10, 20);
        Assert.Equal([1, 2], session.GetMethod("a").GetOutput(0).AsReadOnlySpan<float>().ToArray());
    }

    [ProducesError(ErrorCode.SessionBusy)]
    [Fact]
    public void ASecondThreadIsRefusedWhileAMethodRuns()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var host = new TestHost(options => options.ConfigureKernels += kernels => kernels.Add("test::wait", (_, _) =>
        {
            entered.Set();
            release.Wait();
        }));
        using var program = host.Load(new PlanBuilder().Call("test::wait"));
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        var thread = new Thread(() => method.Execute());
        thread.Start();
        Assert.True(entered.Wait(TimeSpan.FromSeconds(30)));
        foreach (var action in (Action[])[() => method.Execute(), () => session.GetMethod("forward"), session.ResetState, session.Dispose])
        {
            Assert.Equal(ErrorCode.SessionBusy, Assert.Throws<TandemException>(action).Code);
        }

        release.Set();
        thread.Join();
        method.Execute();
    }

    [Fact]
    public void SixteenSessionsRunInParallel()
    {
        using var host = new TestHost(options => options.Threads = 2);
        using var program = host.Load(s_data, Accumulates("a"), Accumulates("b"));
        var failures = 0;
        var threads = Enumerable.Range(1, 16).Select(number => new Thread(() =>
        {
            using var session = program.CreateSession();
            for (var i = 1; i <= 200; i++)
            {
                var result = Run(session, i % 2 == 0 ? "a" : "b", number, -number);
                if (result[0] != i * number || result[1] != -i * number)
                {
                    Interlocked.Increment(ref failures);
                }
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Equal(0, failures);
    }

    [ProducesError(ErrorCode.ObjectReleased)]
    [Theory]
    [InlineData("p12")]
    [InlineData("p21")]
    [InlineData("1p2")]
    [InlineData("2p1")]
    [InlineData("12p")]
    [InlineData("21p")]
    public void ProgramAndSessionsAreDisposedInAnyOrder(string order)
    {
        using var host = new TestHost();
        var program = host.Load(s_data, Accumulates("a"));
        var sessions = new Dictionary<char, Session> { ['1'] = program.CreateSession(), ['2'] = program.CreateSession() };
        foreach (var item in order)
        {
            if (item == 'p')
            {
                program.Dispose();
                program.Dispose();
                Assert.Equal(ErrorCode.ObjectReleased, Assert.Throws<TandemException>(program.CreateSession).Code);
            }
            else
            {
                var method = sessions[item].GetMethod("a");
                sessions[item].Dispose();
                sessions[item].Dispose();
                sessions.Remove(item);
                Assert.Equal(ErrorCode.ObjectReleased, Assert.Throws<TandemException>(() => method.Execute()).Code);
                Assert.Equal(ErrorCode.ObjectReleased, Assert.Throws<TandemException>(() => method.GetOutput(0)).Code);
            }

            foreach (var session in sessions.Values)
            {
                Run(session, "a", 1, 1);
            }
        }
    }

    [Fact]
    public void ActivationsAreSharedBetweenMethods()
    {
        using var host = new TestHost();
        var plans = Enumerable.Range(0, 4).Select(index =>
        {
            var plan = new PlanBuilder($"m{index}");
            var input = plan.Input([2]);
            var big = plan.Tensor([1 << 18]);
            var small = plan.Tensor([2]);
            return plan.Call("test::add", input, input, small).Call("test::add", small, small, plan.Output([2]));
        }).ToArray();
        using var program = host.Load(s_data, plans);
        using var session = program.CreateSession();
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal([4, 8], Run(session, $"m{i}", 1, 2));
        }

        Assert.InRange(session.MemoryBytes, 1 << 20, (1 << 20) + (1 << 17));
        Assert.Equal(0, session.StateBytes);
    }

    [ProducesError(ErrorCode.OutOfMemory)]
    [Fact]
    public void ImpossibleMemoryIsAnError()
    {
        using var host = new TestHost();
        var plan = new PlanBuilder();
        var a = plan.Tensor([1 << 30, 1 << 30]);
        plan.Call("test::add", a, a, plan.AsOutput(plan.Tensor([1])));
        using var program = host.Load(s_data, plan);
        Assert.Equal(ErrorCode.OutOfMemory, Assert.Throws<TandemException>(() =>
        {
            using var session = program.CreateSession();
            session.GetMethod("forward");
        }).Code);
    }
}
