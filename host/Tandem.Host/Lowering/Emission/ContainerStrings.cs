namespace Tandem.Host.Lowering.Emission;

/// <summary>How inputs and outputs nest, as PyTorch writes a tree spec (protocol 1).</summary>
internal static class ContainerStrings
{
    /// <summary>A single value.</summary>
    internal const string Leaf = """[1, {"type": null, "context": null, "children_spec": []}]""";

    private const string LeafSpec = """{"type": null, "context": null, "children_spec": []}""";

    /// <summary>The inputs of a method whose exporter left no tree: positional arguments.</summary>
    internal static string Arguments(int count) =>
        $$"""[1, {"type": "builtins.tuple", "context": "null", "children_spec": [{{Tuple(count)}}, {"type": "builtins.dict", "context": "[]", "children_spec": []}]}]""";

    /// <summary>The outputs of a method whose exporter left no tree: one value, or a tuple.</summary>
    internal static string Results(int count) => count == 1 ? Leaf : $"[1, {Tuple(count)}]";

    private static string Tuple(int count) =>
        $$"""{"type": "builtins.tuple", "context": "null", "children_spec": [{{string.Join(", ", Enumerable.Repeat(LeafSpec, count))}}]}""";
}
