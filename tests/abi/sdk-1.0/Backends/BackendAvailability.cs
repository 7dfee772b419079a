namespace Tandem.Sdk;

/// <summary>Whether a backend can run on this machine, and why not.</summary>
/// <param name="IsAvailable">True if <see cref="IBackendRuntime.Initialize"/> can work.</param>
/// <param name="Reason">What was found or what is missing (device, driver, library), for a person to read.</param>
public readonly record struct BackendAvailability(bool IsAvailable, string Reason);
