using System.Buffers.Binary;
using Tandem.Sdk;

namespace Tandem.FirstContract;

/// <summary>A plugin against the first contract: touches each kind of member that a plugin touches.</summary>
public sealed class FirstContractPlugin : IBackendPlugin
{
    public IBackendRuntime? CreateRuntime(string backendId, HostServices services) => new FirstContractRuntime(backendId, services);

    public void Dispose()
    {
    }
}

/// <summary>Adds the payload's number, which it keeps in the process cache.</summary>
public sealed class FirstContractRuntime(string backendId, HostServices services) : IBackendRuntime
{
    public BackendAvailability GetAvailability() => new(Directory.Exists(services.PluginFolder), $"first contract on {services.Pool.ThreadCount} threads");

    public IBackendDelegate Initialize(DelegateInitializeContext context)
    {
        if (context.Processed.Length != sizeof(float))
        {
            throw new TandemException(ErrorCode.PayloadInvalid, "the payload is not one number", new ErrorDetails { Found = $"{context.Processed.Length} bytes" });
        }

        if (services.Log.IsEnabled(LogLevel.Debug))
        {
            services.Log.Write(LogLevel.Debug, $"{backendId} for {context.MethodName}, {context.CompileSpecs.Count} compile specs");
        }

        var key = new DerivedDataKey(backendId, context.Processed.ContentId, default, "number v1");
        var lease = services.ProcessCache.GetOrCreate(key, context.Processed,
            static handle => (new Number(BinaryPrimitives.ReadSingleLittleEndian(handle.Span)), sizeof(float)));
        return new FirstContractDelegate(lease, context.Options.GetInt("factor", 1));
    }

    public void Dispose()
    {
    }
}

/// <summary>Derived data.</summary>
public sealed class Number(float value) : IDisposable
{
    public float Value { get; } = value;

    public void Dispose()
    {
    }
}

/// <summary>One delegate.</summary>
public sealed class FirstContractDelegate(DerivedDataLease<Number> lease, int factor) : IBackendDelegate, IParallelWork
{
    private TensorView? _input;
    private TensorView? _output;

    public void Execute(DelegateExecuteContext context, Arguments arguments)
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        (_input, _output) = (arguments.Tensor(0), arguments[1].AsTensor());
        _output.Resize(_input.Sizes);
        context.Pool.Run((int)_input.ElementCount, 1, this);
    }

    public void Execute(int start, int end, int worker)
    {
        var input = _input!.AsReadOnlySpan<float>();
        var output = _output!.AsSpan<float>();
        for (var i = start; i < end; i++)
        {
            output[i] = input[i] + (lease.Value.Value * factor);
        }
    }

    public void Dispose() => lease.Dispose();
}
