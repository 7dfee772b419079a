namespace Tandem.Sdk;

/// <summary>A counted hold on a value of a <see cref="DerivedDataCache"/>.</summary>
/// <typeparam name="TValue">Type of the value.</typeparam>
public sealed class DerivedDataLease<TValue> : IDisposable
    where TValue : class, IDisposable
{
    private readonly TValue _value;
    private Action? _release;

    /// <summary>Creates a lease; called by the cache.</summary>
    /// <param name="value">The value.</param>
    /// <param name="release">Gives up the hold; called once.</param>
    public DerivedDataLease(TValue value, Action release)
    {
        _value = value;
        _release = release;
    }

    /// <summary>The value; valid until the lease is disposed.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.ObjectReleased"/>.</exception>
    public TValue Value => _release is not null ? _value
        : throw new TandemException(ErrorCode.ObjectReleased, "the lease on derived data was disposed");

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
