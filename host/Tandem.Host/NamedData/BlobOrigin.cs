using Tandem.Host.Formats;

namespace Tandem.Host.NamedData;

/// <summary>A range of one open source: equal origins are equal bytes without looking at them.</summary>
/// <param name="Source">The source.</param>
/// <param name="Range">The range.</param>
internal readonly record struct BlobOrigin(DataSource Source, DataRange Range);
