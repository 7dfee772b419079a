using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>What the plugin needs of a host.</summary>
internal sealed class FakeHost(int threads = 1) : HostServices
{
    public override IPluginLog Log { get; } = new FakeLog();

    public override ComputePool Pool { get; } = new FakePool(threads);

    public FakeCache Cache { get; } = new();

    public override DerivedDataCache ProcessCache => Cache;

    public override string PluginFolder => AppContext.BaseDirectory;

    private sealed class FakeLog : IPluginLog
    {
        public bool IsEnabled(LogLevel level) => false;

        public void Write(LogLevel level, string message, Exception? exception = null)
        {
        }
    }

    /// <summary>Splits work as a host with so many threads would, and runs the parts one after the other, last part first.</summary>
    private sealed class FakePool(int threads) : ComputePool
    {
        public override int ThreadCount => threads;

        public override void Run(int itemCount, int grain, IParallelWork work)
        {
            var part = Math.Max(Math.Max(1, grain), (itemCount + threads - 1) / threads);
            var parts = (itemCount + part - 1) / part;
            for (var i = parts - 1; i >= 0; i--)
            {
                work.Execute(i * part, Math.Min(itemCount, (i + 1) * part), i);
            }
        }
    }
}
