using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Samples.Backend;

/// <summary>A weight in the layout that the kernel wants; here the floats as they are.</summary>
public sealed class PackedWeight : IDisposable
{
    private PackedWeight(float[] values) => Values = values;

    public float[] Values { get; private set; }

    public static (PackedWeight Value, long ByteCount) Create(DataHandle weight) =>
        (new PackedWeight(MemoryMarshal.Cast<byte, float>(weight.Span).ToArray()), weight.Length);

    public void Dispose() => Values = [];
}
