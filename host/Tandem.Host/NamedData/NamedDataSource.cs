using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;

namespace Tandem.Host.NamedData;

/// <summary>The named data of one file.</summary>
/// <param name="Source">The file.</param>
/// <param name="Entries">Its keys.</param>
internal sealed record NamedDataSource(DataSource Source, IReadOnlyList<NamedDataEntry> Entries);
