namespace Tandem.Sdk;

/// <summary>The run-time half of a backend: turns processed bytes into delegates.</summary>
/// <remarks>
/// <para>Lifetime: one object for each backend id and host runtime, disposed after all its delegates.</para>
/// <para>Threading: <see cref="Initialize"/> may be called from several threads at once.</para>
/// </remarks>
public interface IBackendRuntime : IDisposable
{
    /// <summary>Says whether the backend can run here, without side effects and within a second.</summary>
    /// <returns>The verdict with its reason.</returns>
    BackendAvailability GetAvailability();

    /// <summary>Makes a delegate from one payload, for one method of one session.</summary>
    /// <param name="context">Method, payload, named data, options and caches. Valid during the call, except where its members say more.</param>
    /// <returns>
    /// The delegate. A backend may return the same object for several calls of one session (one handle that serves several methods): the host
    /// counts its holders and disposes it when the last method that holds it is unloaded.
    /// </returns>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.PayloadInvalid"/>, <see cref="ErrorCode.PayloadNotSupported"/> or a named-data error; whatever the call took is released.
    /// </exception>
    IBackendDelegate Initialize(DelegateInitializeContext context);

    /// <summary>
    /// Bytes of native memory that the runtime holds for one session: activations of its delegates, for example. What sessions share is not among them. Any
    /// thread may ask.
    /// </summary>
    /// <param name="sessionId">The session, as <see cref="DelegateInitializeContext.SessionId"/> names it.</param>
    /// <returns>0 unless the backend counts.</returns>
    long GetSessionBytes(long sessionId) => 0;
}
