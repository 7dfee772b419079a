using Tandem.Sdk;

namespace Tandem.Fuzz;

/// <summary>Damages files for some time and looks whether promises hold.</summary>
internal interface IFuzzer
{
    /// <summary>The input that broke a promise; null if none did.</summary>
    byte[]? Culprit { get; }

    /// <summary>The input that is being read.</summary>
    byte[]? Current { get; }

    /// <summary>Told of each input before it is read: what a crash of the process leaves behind.</summary>
    Action<byte[]>? BeforeInput { get; init; }

    /// <summary>Inputs that gave each error.</summary>
    SortedDictionary<ErrorCode, long> Errors { get; }

    /// <summary>What was done so far.</summary>
    string Summary { get; }

    /// <summary>Runs for so long; what broke a promise, or null.</summary>
    string? Run(TimeSpan time);
}
