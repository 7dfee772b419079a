using System.Diagnostics.CodeAnalysis;
using Tandem.Sdk;

namespace Tandem.Host.Kernels;

/// <summary>Kernels by operator name. Filled before use, then only read; reading is thread-safe.</summary>
public sealed class KernelRegistry
{
    private readonly Dictionary<string, Kernel> _kernels = new(StringComparer.Ordinal);

    /// <summary>Number of operators.</summary>
    public int Count => _kernels.Count;

    /// <summary>Names of all operators, sorted.</summary>
    public IReadOnlyList<string> Names => [.. _kernels.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Adds an operator.</summary>
    /// <param name="name">"namespace::name.overload"; without the dot if the overload is empty.</param>
    /// <param name="kernel">The kernel.</param>
    /// <returns>This registry.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ConfigurationInvalid"/>: the name is taken.</exception>
    public KernelRegistry Add(string name, Kernel kernel) => _kernels.TryAdd(name, kernel) ? this
        : throw new TandemException(ErrorCode.ConfigurationInvalid, "an operator is registered twice",
            new ErrorDetails { Location = name, NextStep = "use Replace to put another kernel in place of a built-in one" });

    /// <summary>Puts a kernel in place of the one registered under the name, or adds it.</summary>
    /// <param name="name">"namespace::name.overload".</param>
    /// <param name="kernel">The kernel.</param>
    /// <returns>This registry.</returns>
    public KernelRegistry Replace(string name, Kernel kernel)
    {
        _kernels[name] = kernel;
        return this;
    }

    /// <summary>Looks an operator up.</summary>
    /// <param name="name">"namespace::name.overload".</param>
    /// <param name="kernel">The kernel.</param>
    /// <returns>Whether it is there.</returns>
    public bool TryGet(string name, [NotNullWhen(true)] out Kernel? kernel) => _kernels.TryGetValue(name, out kernel);
}
