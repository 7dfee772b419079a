using System.Buffers.Binary;
using Tandem.Sdk;

namespace Tandem.TestPlugins;

public sealed class AddRuntime(HostServices services) : IBackendRuntime
{
    public BackendAvailability GetAvailability() => new(true, $"adds on {services.Pool.ThreadCount} threads");

    public IBackendDelegate Initialize(DelegateInitializeContext context)
    {
        if (context.Processed.Length != sizeof(float))
        {
            throw new TandemException(ErrorCode.PayloadInvalid, "the payload is not one number",
                new ErrorDetails { Expected = "4 bytes", Found = $"{context.Processed.Length} bytes" });
        }

        services.Log.Write(LogLevel.Information, $"delegate for {context.MethodName}");
        return new AddDelegate(BinaryPrimitives.ReadSingleLittleEndian(context.Processed.Span) * context.Options.GetInt("factor", 1));
    }

    public void Dispose()
    {
    }
}
