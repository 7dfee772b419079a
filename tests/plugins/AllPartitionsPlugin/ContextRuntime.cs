using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.TestPlugins;

public sealed class ContextRuntime : IBackendRuntime
{
    public BackendAvailability GetAvailability() => new(true, "runs anywhere");

    public IBackendDelegate Initialize(DelegateInitializeContext context)
    {
        var place = context.Processed.Span;
        if (place.Length != 16)
        {
            throw new TandemException(ErrorCode.PayloadInvalid, "the payload is no place in the context", new ErrorDetails { Found = $"{place.Length} bytes" });
        }

        var (offset, length) = (BinaryPrimitives.ReadInt64LittleEndian(place), BinaryPrimitives.ReadInt64LittleEndian(place[8..]));
        var data = context.NamedData.Get("test.all/context");
        if (offset >= 0 && length >= 0 && offset <= data.Length - length)
        {
            return new LinearDelegate(data, (int)offset, (int)length);
        }

        data.Dispose();
        throw new TandemException(ErrorCode.PayloadInvalid, "the payload points outside the context");
    }

    public void Dispose()
    {
    }

    private sealed class LinearDelegate(DataHandle data, int offset, int length) : IBackendDelegate
    {
        public void Execute(DelegateExecuteContext context, Arguments arguments)
        {
            var weight = MemoryMarshal.Cast<byte, float>(data.Span.Slice(offset, length));
            var (input, output) = (arguments.Tensor(0), arguments.Tensor(1));
            var k = input.Sizes[^1];
            var n = weight.Length / k;
            output.Resize([input.Sizes[0], n]);
            var from = input.AsReadOnlySpan<float>();
            var to = output.AsSpan<float>();
            for (var i = 0; i < to.Length; i++)
            {
                var sum = 0f;
                for (var j = 0; j < k; j++)
                {
                    sum += from[i / n * k + j] * weight[i % n * k + j];
                }

                to[i] = sum;
            }
        }

        public void Dispose() => data.Dispose();
    }
}
