using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Graph;

/// <summary>Sessions share what runs a graph: one for each call at the same time, whatever their shapes and memory.</summary>
public class ExecutorPoolTests
{
    [Fact]
    public void Sessions_that_take_turns_share_one_executor()
    {
        using var runner = new DelegateRunner(Chain(), 2);
        var sessions = Create(runner, 5);
        for (var round = 0; round < 20; round++)
        {
            foreach (var session in sessions)
            {
                session.Check(round * 7 % 16);
                session.Check(5);
            }
        }

        Assert.Equal(1, Graph(runner).Executors.Count);
        sessions.ForEach(session => session.Delegate.Dispose());
    }

    [Fact]
    public void Taking_turns_allocates_nothing()
    {
        using var runner = new DelegateRunner(Chain(), 2);
        var sessions = Create(runner, 3);
        foreach (var rows in (int[])[16, 9, 1, 16])
        {
            sessions.ForEach(session => session.Check(rows));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 30; round++)
        {
            for (var i = 0; i < sessions.Count; i++)
            {
                sessions[i].Execute();
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        sessions.ForEach(session => session.Delegate.Dispose());
    }

    [Fact]
    public async Task Sessions_on_threads_of_their_own_disturb_each_other_in_nothing()
    {
        using var runner = new DelegateRunner(Chain(), 2);
        var sessions = Create(runner, 6);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(thread => Task.Run(() =>
        {
            var random = new Random(thread);
            for (var round = 0; round < 1500; round++)
            {
                sessions[(thread * 2) + (round & 1)].Check(random.Next(17));
            }
        }, TestContext.Current.CancellationToken)));
        Assert.InRange(Graph(runner).Executors.Count, 1, 3);
        sessions.ForEach(session => session.Delegate.Dispose());
        sessions = Create(runner, 1);
        sessions[0].Check(3);
        sessions[0].Delegate.Dispose();
    }

    [Fact]
    public void A_call_that_fails_gives_its_executor_back_as_good_as_new()
    {
        using var runner = new DelegateRunner(Chain(), 2);
        var sessions = Create(runner, 2);
        var wrong = runner.Tensor(ScalarType.Float, [3, 4]);
        foreach (var rows in (int[])[4, 16, 9])
        {
            // The input's shape is taken, then the output does not fit.
            sessions[0].Check(rows);
            sessions[1].Fill(rows + 1 & 15);
            Assert.Throws<TandemException>(() => sessions[1].Delegate.Execute(
                new FakeExecuteContext(runner.Host.Pool), new Arguments([EValue.FromTensor(sessions[1].Input), EValue.FromTensor(wrong)], [0, 1])));
            sessions[1].Check(rows + 1 & 15);
            sessions[0].Check(rows);
        }

        Assert.Equal(1, Graph(runner).Executors.Count);
        sessions.ForEach(session => session.Delegate.Dispose());
    }

    private static CompiledGraph Graph(DelegateRunner runner)
    {
        var key = runner.ProgramCache.Keys.Single(key => key.Derivation.StartsWith("graph", StringComparison.Ordinal));
        using var lease = runner.ProgramCache.GetOrCreate<CompiledGraph, int>(key, 0, _ => throw new InvalidOperationException());
        return lease.Value;
    }

    private static List<Caller> Create(DelegateRunner runner, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Caller(runner, i + 10))];

    // Twice the absolute values, turned: views, an in-place function and values of their own.
    private static PayloadWriter Chain()
    {
        var writer = new PayloadWriter();
        var (a, b, c) = (writer.Internal(16, 4), writer.Internal(4, 16), writer.Internal(4, 16));
        writer.Unary(PayloadNodeKind.Abs, writer.Input(16, 4), a);
        writer.Transpose(a, b, 1, 0);
        writer.Unary(PayloadNodeKind.Negate, b, c);
        writer.Binary(PayloadNodeKind.Subtract, b, c, writer.Output(4, 16));
        return writer;
    }

    private sealed class Caller
    {
        private readonly FakeExecuteContext _context;
        private readonly EValue[] _values;
        private readonly int[] _indices = [0, 1];
        private readonly int _seed;

        public Caller(DelegateRunner runner, int seed)
        {
            _seed = seed;
            _context = new FakeExecuteContext(runner.Host.Pool);
            Input = runner.Tensor(ScalarType.Float, [16, 4], isDynamic: true);
            Output = runner.Tensor(ScalarType.Float, [4, 16], isDynamic: true);
            _values = [EValue.FromTensor(Input), EValue.FromTensor(Output)];
            Delegate = runner.Initialize(seed);
        }

        public IBackendDelegate Delegate { get; }

        public TensorView Input { get; }

        public TensorView Output { get; }

        public void Fill(int rows)
        {
            Input.Resize([rows, 4]);
            TestData.Numbers(rows * 4, _seed + rows).CopyTo(Input.AsSpan<float>());
        }

        public void Execute() => Delegate.Execute(_context, new Arguments(_values, _indices));

        public void Check(int rows)
        {
            Fill(rows);
            Execute();
            var input = Input.AsReadOnlySpan<float>();
            var output = Output.AsReadOnlySpan<float>();
            for (var i = 0; i < rows * 4; i++)
            {
                Assert.Equal(Math.Abs(input[i]) * 2, output[(i % 4 * rows) + (i / 4)]);
            }
        }
    }
}
