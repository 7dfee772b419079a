using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>What became of a plugin that was to leave the process.</summary>
/// <param name="Plugin">Id and version, or the folder.</param>
/// <param name="IsUnloaded">Whether nothing of the plugin's managed code is left; true as well if it was never started.</param>
/// <param name="Code"><see cref="ErrorCode.PluginUnloadFailed"/> if it should have left and did not; null otherwise.</param>
/// <param name="Reason">For a person to read.</param>
/// <remarks>Native libraries that the plugin loaded through DllImport stay mapped: the system counts them and a later start uses the same mapping.</remarks>
public sealed record PluginUnloadResult(string Plugin, bool IsUnloaded, ErrorCode? Code, string Reason);
