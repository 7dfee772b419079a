using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>An input of the graph that is being read.</summary>
internal sealed class InputEntry(GraphValue value, GraphInputSpec spec)
{
    internal GraphValue Value => value;

    internal GraphInputSpec Spec => spec;

    /// <summary>Set if the input is a tensor subclass: what was taken out of it stands in its place.</summary>
    internal SubclassInput? Inner { get; set; }
}
