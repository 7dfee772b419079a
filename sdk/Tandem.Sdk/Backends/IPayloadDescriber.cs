namespace Tandem.Sdk;

/// <summary>A capability that an <see cref="IBackendRuntime"/> may implement: says what is inside a payload, without executing it.</summary>
/// <remarks>Threading: may be called from any thread.</remarks>
public interface IPayloadDescriber
{
    /// <summary>Describes a payload.</summary>
    /// <param name="processed">The processed bytes; untrusted.</param>
    /// <param name="compileSpecs">The delegate's compile specs.</param>
    /// <returns>The description.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/>.</exception>
    PayloadDescription Describe(ReadOnlySpan<byte> processed, IReadOnlyList<CompileSpec> compileSpecs);
}
