using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>A node that multiplies by the transpose of a constant weight: linear, or a product that means the same.</summary>
/// <param name="Method">Method of the node.</param>
/// <param name="Node">The node.</param>
/// <param name="Weight">The graph input that holds the weight.</param>
/// <param name="IsTransposed">Whether the weight is [inputs, outputs] as it is stored.</param>
/// <param name="Input">Name of the value that is multiplied.</param>
/// <param name="Bias">What is added; null for nothing.</param>
internal sealed record LinearLayer(string Method, GraphNode Node, GraphInputSpec Weight, bool IsTransposed, string Input, GraphArgument? Bias)
{
    private const string Suffix = ".weight";

    /// <summary>Name of the layer.</summary>
    internal string Name { get; } = NameOf(Weight);

    internal static string NameOf(GraphInputSpec weight) => weight.QualifiedName is not { } name ? weight.ValueName
        : name.Length > Suffix.Length && name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name;
}
