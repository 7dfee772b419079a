using System.Diagnostics;
using Tandem.Sdk;

namespace Tandem.Fuzz;

/// <summary>Damages files for some time and looks whether promises hold.</summary>
internal abstract class FuzzerBase
{
    /// <summary>The input that broke a promise; null if none did.</summary>
    public byte[]? Culprit { get; private set; }

    /// <summary>The input that is being read.</summary>
    public byte[]? Current { get; private set; }

    /// <summary>Told of each input before it is read: what a crash of the process leaves behind.</summary>
    public Action<byte[]>? BeforeInput { get; init; }

    /// <summary>Inputs that gave each error.</summary>
    public SortedDictionary<ErrorCode, long> Errors { get; } = [];

    /// <summary>What was done so far.</summary>
    public abstract string Summary { get; }

    /// <summary>Runs for so long; what broke a promise, or null.</summary>
    public string? Run(TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < time)
        {
            if (Next() is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    /// <summary>Damages and tries one input through <see cref="Attempt"/>; what broke a promise, or null.</summary>
    protected abstract string? Next();

    /// <summary>Tries an input; what broke a promise, or null.</summary>
    protected string? Attempt(byte[] input, Func<string?> use)
    {
        Current = input;
        BeforeInput?.Invoke(input);
        var problem = use();
        Culprit = problem is null ? null : input;
        return problem;
    }
}
