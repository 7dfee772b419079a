using System.Numerics.Tensors;
using Tandem.Sdk;

namespace Tandem.Samples.Backend;

/// <summary>One linear layer without bias: input [rows, k], weight [n, k], output [rows, n].</summary>
public sealed class SampleDelegate(DerivedDataLease<PackedWeight> weight) : IBackendDelegate
{
    public PackedWeight Weight => weight.Value;

    public void Execute(DelegateExecuteContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var output = arguments.Tensor(1);
        var k = input.Sizes[^1];
        var n = weight.Value.Values.Length / k;
        output.Resize([input.Sizes[0], n]);
        var from = input.AsReadOnlySpan<float>();
        var to = output.AsSpan<float>();
        for (var i = 0; i < to.Length; i++)
        {
            to[i] = TensorPrimitives.Dot(from.Slice(i / n * k, k), weight.Value.Values.AsSpan(i % n * k, k));
        }
    }

    public void Dispose() => weight.Dispose();
}
