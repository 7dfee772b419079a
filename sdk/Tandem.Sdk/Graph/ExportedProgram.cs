using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>A model as torch.export or the graph builder gives it: what partitioners and preprocessors read. Immutable; may be read from any thread.</summary>
/// <param name="Methods">The methods, in the order of the source.</param>
public sealed record ExportedProgram(ImmutableArray<ExportedMethod> Methods)
{
    /// <summary>Finds a method.</summary>
    /// <param name="name">Name of the method.</param>
    /// <returns>The method.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.MethodNotFound"/>.</exception>
    public ExportedMethod GetMethod(string name) => Methods.FirstOrDefault(method => method.Name == name)
        ?? throw new TandemException(ErrorCode.MethodNotFound, "the program has no method of this name",
            new ErrorDetails { Expected = string.Join(", ", Methods.Select(method => method.Name)), Found = name });
}
