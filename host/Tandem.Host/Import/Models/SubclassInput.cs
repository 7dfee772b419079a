using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>An input that is a tensor subclass, and the tensors that the graph takes out of it.</summary>
internal sealed class SubclassInput(TensorSubclass tensor, GraphInputSpec input, string valueName)
{
    internal TensorSubclass Tensor => tensor;

    internal GraphInputSpec Input => input;

    internal string ValueName => valueName;

    /// <summary>What was taken out so far, by attribute, in the order of first use.</summary>
    internal Dictionary<string, InputEntry> Parts { get; } = new(StringComparer.Ordinal);

    /// <summary>The tensors that stand in its place.</summary>
    internal IEnumerable<InputEntry> Entries => Parts.Values.SelectMany(part => part.Inner is { } inner ? inner.Entries : [part]);
}
