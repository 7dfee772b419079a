using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>A rewrite of one method. Stateless; gives an equal method for an equal method.</summary>
internal interface IGraphPass
{
    /// <summary>Name for --dump-after: lower case, words joined by hyphens ("fold-constants").</summary>
    string Name { get; }

    /// <summary>Rewrites a method. What stays is the same object, so that a pass without work costs nothing.</summary>
    /// <param name="method">The method; unchanged.</param>
    /// <param name="context">What passes of one lowering share.</param>
    /// <returns>The method, rewritten or the same.</returns>
    ExportedMethod Run(ExportedMethod method, PassContext context);
}
