namespace Tandem.Host.Building;

/// <summary>Tree specs of PyTorch for flat lists of tensors.</summary>
internal static class TreeSpecs
{
    private const string Leaf = """{"type": null, "context": null, "children_spec": []}""";

    /// <summary>Positional arguments, and no keyword arguments.</summary>
    public static string OfArguments(int count) =>
        $$"""[1, {"type": "builtins.tuple", "context": "null", "children_spec": [{{Tuple(count)}}, {"type": "builtins.dict", "context": "[]", "children_spec": []}]}]""";

    /// <summary>One result by itself, or several as a tuple.</summary>
    public static string OfResults(int count) => count == 1 ? $"[1, {Leaf}]" : $"[1, {Tuple(count)}]";

    private static string Tuple(int count) =>
        $$"""{"type": "builtins.tuple", "context": "null", "children_spec": [{{string.Join(", ", Enumerable.Repeat(Leaf, count))}}]}""";
}
