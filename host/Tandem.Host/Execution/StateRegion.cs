using Tandem.Host.Formats.Model;

namespace Tandem.Host.Execution;

/// <summary>One mutable buffer of a session.</summary>
/// <param name="Name">Fully qualified name, or where it is planned if the file has no name.</param>
/// <param name="Offset">Offset in the session's state memory.</param>
/// <param name="Tensor">The tensor as the first method declares it: layout and initial contents.</param>
internal sealed record StateRegion(string Name, long Offset, ValueModel.Tensor Tensor)
{
    /// <summary>Methods that hold it.</summary>
    internal List<string> Methods { get; } = [];
}
