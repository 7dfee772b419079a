using Microsoft.Extensions.Logging;
using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>What one plugin is offered.</summary>
internal sealed class PluginHostServices(string folder, ComputePool pool, DerivedDataCache cache, ILogger logger) : HostServices, IPluginLog
{
    public override IPluginLog Log => this;

    public override ComputePool Pool => pool;

    public override DerivedDataCache ProcessCache => cache;

    public override string PluginFolder => folder;

    public bool IsEnabled(Sdk.LogLevel level) => logger.IsEnabled(Translate(level));

    public void Write(Sdk.LogLevel level, string message, Exception? exception = null)
    {
        if (IsEnabled(level))
        {
            logger.Log(Translate(level), exception, "{Message}", message);
        }
    }

    private static Microsoft.Extensions.Logging.LogLevel Translate(Sdk.LogLevel level) => level switch
    {
        Sdk.LogLevel.Debug => Microsoft.Extensions.Logging.LogLevel.Debug,
        Sdk.LogLevel.Information => Microsoft.Extensions.Logging.LogLevel.Information,
        Sdk.LogLevel.Warning => Microsoft.Extensions.Logging.LogLevel.Warning,
        _ => Microsoft.Extensions.Logging.LogLevel.Error,
    };
}
