using Tandem.Sdk;

namespace Tandem.TestPlugins;

public sealed class RectifierRuntime : IBackendRuntime
{
    public BackendAvailability GetAvailability() => new(true, "runs anywhere");

    public IBackendDelegate Initialize(DelegateInitializeContext context) => new RectifierDelegate();

    public void Dispose()
    {
    }

    private sealed class RectifierDelegate : IBackendDelegate
    {
        public void Execute(DelegateExecuteContext context, Arguments arguments)
        {
            var (input, output) = (arguments.Tensor(0), arguments.Tensor(1));
            output.Resize(input.Sizes);
            var from = input.AsReadOnlySpan<float>();
            var to = output.AsSpan<float>();
            for (var i = 0; i < to.Length; i++)
            {
                to[i] = MathF.Max(from[i], 0);
            }
        }

        public void Dispose()
        {
        }
    }
}
