using System.Collections.Immutable;
using System.Globalization;

namespace Tandem.Sdk;

/// <summary>Load-time options of a backend: names without case, values as text, read with a type.</summary>
public sealed class BackendOptions
{
    private readonly ImmutableDictionary<string, string> _values;

    /// <summary>Creates options.</summary>
    /// <param name="values">Names and values; copied. Of two names that differ only in case the later counts.</param>
    public BackendOptions(IEnumerable<KeyValuePair<string, string>> values)
    {
        var builder = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in values)
        {
            builder[name] = value;
        }

        _values = builder.ToImmutable();
    }

    /// <summary>No options.</summary>
    public static BackendOptions Empty { get; } = new([]);

    /// <summary>Names that are set.</summary>
    public IEnumerable<string> Names => _values.Keys;

    /// <summary>The text of an option.</summary>
    /// <param name="name">Name of the option.</param>
    /// <param name="defaultValue">The value if it is not set.</param>
    /// <returns>The text.</returns>
    public string? GetString(string name, string? defaultValue = null) => _values.GetValueOrDefault(name, defaultValue!);

    /// <summary>An integer option.</summary>
    /// <param name="name">Name of the option.</param>
    /// <param name="defaultValue">The value if it is not set.</param>
    /// <returns>The integer.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ConfigurationInvalid"/>: set, and not an integer.</exception>
    public int GetInt(string name, int defaultValue) => !_values.TryGetValue(name, out var text) ? defaultValue
        : int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value
        : throw Invalid(name, "an integer", text);

    /// <summary>A truth value option.</summary>
    /// <param name="name">Name of the option.</param>
    /// <param name="defaultValue">The value if it is not set.</param>
    /// <returns>The truth value.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ConfigurationInvalid"/>: set, and neither true nor false.</exception>
    public bool GetBool(string name, bool defaultValue) => !_values.TryGetValue(name, out var text) ? defaultValue
        : bool.TryParse(text, out var value) ? value
        : throw Invalid(name, "true or false", text);

    private static TandemException Invalid(string name, string expected, string found) =>
        new(ErrorCode.ConfigurationInvalid, $"the backend option '{name}' cannot be read",
            new ErrorDetails { Location = name, Expected = expected, Found = found, NextStep = "correct the option in the configuration" });
}
