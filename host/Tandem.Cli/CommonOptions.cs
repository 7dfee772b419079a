using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Tandem.Host;

namespace Tandem.Cli;

/// <summary>Options that several verbs share, and the runtime that they describe.</summary>
internal sealed class CommonOptions
{
    /// <summary>External data files.</summary>
    public Option<string[]> Data { get; } = new("--data")
    {
        Description = "External data file (.ptd) of the program; may be given several times.",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Compute threads.</summary>
    public Option<int?> Threads { get; } = new("--threads") { Description = "Compute threads; default: one for each core." };

    /// <summary>Folders that hold plugin folders.</summary>
    public Option<string[]> Plugins { get; } = new("--plugins")
    {
        Description = "Folder that holds plugin folders; may be given several times. Default: 'plugins' beside the program.",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Configuration file.</summary>
    public Option<string?> Configuration { get; } = new("--config")
    {
        Description = "Configuration (JSON, section 'Tandem'): backend order, allow, deny, options. Default: appsettings.json beside the program.",
    };

    /// <summary>Adds the options to a verb.</summary>
    public Command AddTo(Command command, bool withData = true)
    {
        if (withData)
        {
            command.Options.Add(Data);
        }

        command.Options.Add(Threads);
        command.Options.Add(Plugins);
        command.Options.Add(Configuration);
        return command;
    }

    /// <summary>Makes the runtime that the command line and the configuration describe.</summary>
    public TandemRuntime CreateRuntime(ParseResult parsed) => CreateRuntime(parsed, ReadConfiguration(parsed));

    /// <summary>Makes the runtime that the command line and a configuration describe.</summary>
    public TandemRuntime CreateRuntime(ParseResult parsed, IConfiguration configuration) =>
        RuntimeFactory.Create(configuration, parsed.GetValue(Plugins) ?? [], parsed.GetValue(Threads));

    /// <summary>Reads the configuration file.</summary>
    public IConfiguration ReadConfiguration(ParseResult parsed)
    {
        var builder = new ConfigurationBuilder();
        if (parsed.GetValue(Configuration) is { } path)
        {
            builder.AddJsonFile(Path.GetFullPath(path), optional: false);
        }
        else
        {
            builder.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true);
        }

        return builder.Build();
    }
}
