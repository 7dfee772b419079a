using Xunit;

namespace Tandem.Tests;

/// <summary>
/// Classes that look at the whole process (its memory) or change what all of it sees (listeners). They run alone: on a machine with many cores the other
/// tests would be seen by them, or see them.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessWideCollection
{
    public const string Name = "process-wide";
}
