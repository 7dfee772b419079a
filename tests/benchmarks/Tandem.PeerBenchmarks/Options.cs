namespace Tandem.PeerBenchmarks;

/// <summary>Options of the form --name value.</summary>
internal sealed class Options(string[] args)
{
    public string? Text(string name) => Array.IndexOf(args, "--" + name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

    public int Number(string name, int defaultValue) => Text(name) is { } text ? int.Parse(text) : defaultValue;
}
