using Tandem.Sdk;

namespace Tandem.Host.Tests.Lowering;

/// <summary>A backend that a test registers in code: both halves as given.</summary>
internal sealed class InProcessBackend(Func<IBackendPreprocessor?> preprocessor, Func<IBackendRuntime?>? runtime = null) : IBackendPlugin
{
    public IBackendRuntime? CreateRuntime(string backendId, HostServices services) => runtime?.Invoke();

    public IBackendPreprocessor? CreatePreprocessor(string backendId, HostServices services) => preprocessor();

    public void Dispose()
    {
    }
}
