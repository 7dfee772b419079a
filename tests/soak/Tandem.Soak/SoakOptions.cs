namespace Tandem.Soak;

/// <summary>What a soak does.</summary>
/// <param name="Duration">How long.</param>
/// <param name="Threads">Compute threads of each runtime.</param>
/// <param name="LanguageModels">Programs with methods prefill and decode. Two sessions decode the first and the last all the time; all are loaded and unloaded.</param>
/// <param name="OtherPrograms">More programs to load, run and unload.</param>
/// <param name="Log">Where to print.</param>
public sealed record SoakOptions(
    TimeSpan Duration, int Threads, IReadOnlyList<string> LanguageModels, IReadOnlyList<string> OtherPrograms, Action<string> Log);
