using Tandem.Sdk;

namespace Tandem.Host.Kernels;

/// <summary>What a kernel is given besides its arguments; one object for all calls of a session.</summary>
public abstract unsafe class KernelContext
{
    /// <summary>The compute threads.</summary>
    public abstract ComputePool Pool { get; }

    /// <summary>Asks a long kernel to stop.</summary>
    public abstract CancellationToken CancellationToken { get; }

    /// <summary>Random numbers of the session, for rand, randn and dropout.</summary>
    public abstract Random Random { get; }

    private readonly Dictionary<Type, object> _reused = [];

    /// <summary>An object that a kernel keeps between calls, so that handing work to the compute threads allocates nothing.</summary>
    /// <typeparam name="T">Its type; one object of a type for each session.</typeparam>
    /// <returns>The object.</returns>
    public T Reuse<T>()
        where T : class, new()
    {
        if (!_reused.TryGetValue(typeof(T), out var value))
        {
            _reused.Add(typeof(T), value = new T());
        }

        return (T)value;
    }

    /// <summary>Scratch memory, 64-byte aligned, not cleared, valid until the kernel returns. Kept between calls, so a steady state allocates nothing.</summary>
    /// <param name="byteCount">Number of bytes; 0 or more.</param>
    /// <returns>The first byte.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OutOfMemory"/>.</exception>
    public abstract void* Allocate(long byteCount);

    /// <summary>Scratch memory as a span.</summary>
    /// <typeparam name="T">Element type.</typeparam>
    /// <param name="count">Number of elements.</param>
    /// <returns>The span, not cleared, valid until the kernel returns.</returns>
    public Span<T> Allocate<T>(int count)
        where T : unmanaged => new(Allocate((long)count * sizeof(T)), count);
}
