using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Tandem.Host;
using Tandem.Sdk;

// The namespace that .NET applications have open where they register services.
#pragma warning disable IDE0130
namespace Microsoft.Extensions.DependencyInjection;
#pragma warning restore IDE0130

/// <summary>Registers Tandem with a service collection.</summary>
public static class TandemServiceCollectionExtensions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "Tandem";

    /// <summary>Adds one <see cref="TandemRuntime"/> for the application, created when it is first asked for.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The application's configuration; its section "Tandem" is read when the runtime is created. A key that no option has is an error.</param>
    /// <param name="configure">Changes the options after the configuration, as for kernels and in-process backends that no file can name.</param>
    /// <returns>The services.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ConfigurationInvalid"/>, when the runtime is created.</exception>
    public static IServiceCollection AddTandem(this IServiceCollection services, IConfiguration configuration, Action<TandemOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.TryAddSingleton(_ => Read(configuration.GetSection(SectionName), configure));
        services.TryAddSingleton(provider => new TandemRuntime(provider.GetRequiredService<TandemOptions>(), provider.GetService<ILoggerFactory>()));
        return services;
    }

    private static TandemOptions Read(IConfigurationSection section, Action<TandemOptions>? configure)
    {
        var options = new TandemOptions();
        try
        {
            section.Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException error)
        {
            throw new TandemException(ErrorCode.ConfigurationInvalid, "the configuration does not fit the options",
                new ErrorDetails { Location = $"section '{SectionName}'", Found = error.InnerException?.Message ?? error.Message }, error);
        }

        configure?.Invoke(options);
        return options;
    }
}
