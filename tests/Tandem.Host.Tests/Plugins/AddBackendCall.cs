using System.Runtime.CompilerServices;
using Tandem.Host.Selection;
using Tandem.Sdk;

namespace Tandem.Host.Tests.Plugins;

/// <summary>Runs a delegate of AddBackend as the executor would: payload 2.5, three numbers in, three out.</summary>
internal static unsafe class AddBackendCall
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float[] Run(BackendChoice choice) => Run(choice.Runtime!, choice.Options);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float[] Run(IBackendRuntime runtime, BackendOptions? options = null)
    {
        float addend = 2.5f;
        var input = new float[] { 1, 2, 3 };
        var output = new float[3];
        using var payload = new Handle((byte*)&addend, sizeof(float));
        using var call = runtime.Initialize(new InitializeContext(payload, options ?? BackendOptions.Empty));
        fixed (float* from = input, to = output)
        {
            var source = new TensorView(new TensorLayout(ScalarType.Float, [3]));
            var target = new TensorView(new TensorLayout(ScalarType.Float, [3]));
            source.Bind(from);
            target.Bind(to);
            EValue[] values = [EValue.FromTensor(source), EValue.FromTensor(target)];
            call.Execute(new ExecuteContext(), new Arguments(values, [0, 1]));
        }

        return output;
    }

    private sealed class Handle(byte* pointer, int length) : DataHandle
    {
        public override long Length => length;

        public override byte* Pointer => pointer;

        public override int Alignment => 4;

        public override TensorLayout? Layout => null;

        public override ContentId ContentId => default;

        public override DataHandle AddReference() => new Handle(pointer, length);

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class InitializeContext(DataHandle payload, BackendOptions options) : DelegateInitializeContext
    {
        public override string MethodName => "forward";

        public override int DelegateIndex => 0;

        public override long ProgramId => 1;

        public override long SessionId => 1;

        public override DataHandle Processed => payload;

        public override IReadOnlyList<CompileSpec> CompileSpecs => [];

        public override BackendOptions Options => options;

        public override NamedDataMap NamedData => throw new NotSupportedException();

        public override DerivedDataCache ProgramCache => throw new NotSupportedException();

        public override int ArgumentCount => 2;

        public override CancellationToken CancellationToken => default;
    }

    private sealed class ExecuteContext : DelegateExecuteContext
    {
        public override string MethodName => "forward";

        public override CancellationToken CancellationToken => default;

        public override ComputePool Pool { get; } = new InlinePool();
    }

    private sealed class InlinePool : ComputePool
    {
        public override int ThreadCount => 1;

        public override void Run(int itemCount, int grain, IParallelWork work) => work.Execute(0, itemCount, 0);
    }
}
