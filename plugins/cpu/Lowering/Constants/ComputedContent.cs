using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Constants;

/// <summary>Bytes that are computed when they are first read, and again if the garbage collector took them meanwhile: a weight in another order.</summary>
/// <param name="length">Number of bytes.</param>
/// <param name="origin">Where they come from, for messages.</param>
/// <param name="compute">Gives the bytes; the same each time.</param>
internal sealed class ComputedContent(long length, string origin, Func<byte[]> compute) : DataContent
{
    private readonly Lock _lock = new();
    private readonly WeakReference<byte[]?> _bytes = new(null);

    public override long Length => length;

    public override string Origin => origin;

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        lock (_lock)
        {
            if (!_bytes.TryGetTarget(out var bytes))
            {
                bytes = compute();
                _bytes.SetTarget(bytes);
            }

            bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }
    }
}
