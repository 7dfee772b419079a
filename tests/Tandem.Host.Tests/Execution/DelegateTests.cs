using Tandem.Host.Execution;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Execution;

public sealed class DelegateTests
{
    private static PlanBuilder Plan(string name = "forward", int delegates = 1, string backend = "Test")
    {
        var plan = new PlanBuilder(name);
        var value = plan.Input([2]);
        for (var i = 0; i < delegates; i++)
        {
            var next = i == delegates - 1 ? plan.Output([2]) : plan.Tensor([2]);
            plan.Delegate(backend, value, next);
            value = next;
        }

        return plan;
    }

    private static TestHost Host(TestBackend backend) => new(options => options.Backends.InProcess["Test"] = backend);

    private static float[] Run(Method method)
    {
        method.SetInput<float>(0, [1, 2], [2]);
        method.Execute();
        return method.GetOutput(0).AsReadOnlySpan<float>().ToArray();
    }

    [Fact]
    public void DelegatesAreMadeOncePerEntryAndDisposedInReverse()
    {
        var backend = new TestBackend
        {
            OnInitialize = context =>
            {
                Assert.Equal(2, context.ArgumentCount);
                Assert.Equal(4, context.Processed.Length);
                Assert.Equal([1, 2], context.CompileSpecs[0].Value.ToArray());
                Assert.NotEqual(0, context.SessionId);
            },
            OnExecute = context => Assert.Equal("forward", context.MethodName),
        };
        using var host = Host(backend);
        using (var program = host.Load(Plan(delegates: 3)))
        using (var session = program.CreateSession())
        {
            program.CheckLoadable();
            Assert.Empty(backend.Events);
            Assert.Equal([4, 5], Run(session.GetMethod("forward")));
            session.GetMethod("forward");
        }

        Assert.Equal(["init forward 0", "init forward 1", "init forward 2", "dispose forward 2", "dispose forward 1", "dispose forward 0"], backend.Events);
    }

    [Fact]
    public void AnObjectReturnedTwiceIsDisposedOnce()
    {
        var backend = new TestBackend { IsShared = true };
        using var host = Host(backend);
        using (var program = host.Load(Plan("a", 2), Plan("b")))
        using (var session = program.CreateSession())
        {
            Assert.Equal([3, 4], Run(session.GetMethod("a")));
            Assert.Equal([2, 3], Run(session.GetMethod("b")));
        }

        Assert.Single(backend.Events, "dispose shared");
    }

    [Fact]
    public void AFailedLoadDisposesWhatItMadeAndCanBeTriedAgain()
    {
        var fails = true;
        var backend = new TestBackend
        {
            OnInitialize = context =>
            {
                if (context.DelegateIndex == 1 && fails)
                {
                    throw new ArithmeticException("on purpose");
                }
            },
        };
        using var host = Host(backend);
        using var program = host.Load(Plan(delegates: 2));
        using var session = program.CreateSession();
        var bytes = session.MemoryBytes;
        var error = Assert.Throws<TandemException>(() => session.GetMethod("forward"));
        Assert.Equal(ErrorCode.DelegateFailed, error.Code);
        Assert.Contains("delegate 1 (Test)", error.Message);
        Assert.Equal(["init forward 0", "dispose forward 0"], backend.Events);
        Assert.Equal(bytes, session.MemoryBytes);
        fails = false;
        Assert.Equal([3, 4], Run(session.GetMethod("forward")));
    }

    [ProducesError(ErrorCode.DelegateFailed)]
    [Fact]
    public void AForeignExceptionIsDelegateFailedAndTheSessionSurvives()
    {
        var backend = new TestBackend { OnExecute = _ => throw new ArithmeticException("on purpose") };
        using var host = Host(backend);
        using var program = host.Load(Plan());
        using var session = program.CreateSession();
        var error = Assert.Throws<TandemException>(() => Run(session.GetMethod("forward")));
        Assert.Equal(ErrorCode.DelegateFailed, error.Code);
        Assert.IsType<ArithmeticException>(error.InnerException);
        backend.OnExecute = _ => throw new TandemException(ErrorCode.ShapeExceedsBound, "own code");
        Assert.Equal(ErrorCode.ShapeExceedsBound, Assert.Throws<TandemException>(() => Run(session.GetMethod("forward"))).Code);
        backend.OnExecute = null;
        Assert.Equal([2, 3], Run(session.GetMethod("forward")));
    }

    [Fact]
    public void WhatABackendHoldsForASessionIsCounted()
    {
        var backend = new TestBackend();
        using var host = Host(backend);
        using var program = host.Load(Plan(delegates: 2));
        using var session = program.CreateSession();
        Run(session.GetMethod("forward"));
        var own = session.MemoryBytes;
        backend.SessionBytes = 1000;
        Assert.Equal(own + 1000, session.MemoryBytes);
        session.Dispose();
        Assert.Equal(0, session.MemoryBytes);
    }

    [Fact]
    public void AThrowingDisposeStillFreesTheSession()
    {
        var backend = new TestBackend { OnDispose = () => throw new ArithmeticException("on purpose") };
        using var host = Host(backend);
        var program = host.Load(Plan());
        var session = program.CreateSession();
        Run(session.GetMethod("forward"));
        Assert.Throws<ArithmeticException>(session.Dispose);
        session.Dispose();
        program.Dispose();
        Assert.Equal(0, session.MemoryBytes);
    }

    [ProducesError(ErrorCode.BackendNotFound)]
    [Fact]
    public void MissingBackendsAreNamed()
    {
        using var host = Host(new TestBackend());
        using var program = host.Load(Plan(backend: "NobodysBackend"));
        using var session = program.CreateSession();
        foreach (var action in (Action[])[() => session.GetMethod("forward"), program.CheckLoadable])
        {
            var error = Assert.Throws<TandemException>(action);
            Assert.Equal(ErrorCode.BackendNotFound, error.Code);
            Assert.Contains("NobodysBackend", error.Message);
        }
    }

    [Fact]
    public void UnavailableBackendsSayWhy()
    {
        using var host = Host(new TestBackend { IsMissing = true });
        using var program = host.Load(Plan());
        using var session = program.CreateSession();
        var error = Assert.Throws<TandemException>(() => session.GetMethod("forward"));
        Assert.Contains("no such device", error.Message);
    }

    [Fact]
    public void TracingFollowsTheListener()
    {
        var traced = new List<bool>();
        var backend = new TestBackend
        {
            OnExecute = context =>
            {
                traced.Add(context.IsTracing);
                context.RecordEvent("step", 7, 1, 2);
            },
        };
        using var host = Host(backend);
        using var program = host.Load(Plan());
        using var session = program.CreateSession();
        var listener = new Listener();
        Run(session.GetMethod("forward"));
        session.Listener = listener;
        Run(session.GetMethod("forward"));
        Assert.Equal([false, true], traced);
        Assert.Equal(["forward step 7", "forward 0 Test"], listener.Heard);
    }

    private sealed class Listener : IExecutionListener
    {
        internal List<string> Heard { get; } = [];

        public void Instruction(string method, int instruction, string target, long startTimestamp, long endTimestamp) => Heard.Add($"{method} {instruction} {target}");

        public void DelegateStep(string method, string step, int debugHandle, long startTimestamp, long endTimestamp) => Heard.Add($"{method} {step} {debugHandle}");
    }
}
