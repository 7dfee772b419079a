using System.Text.Json;
using Tandem.Host.Import.Symbols;
using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>Reads one exported program of an archive as a method.</summary>
internal static class MethodReader
{
    private const long Major = 8;

    // What exporters write for a bound that is none.
    private const long Endless = long.MaxValue - 1;

    internal static ExportedMethod Read(JsonElement program, string name, Dictionary<string, ImportedTensor> weights,
        Dictionary<string, ImportedTensor> constants, CancellationToken cancellationToken)
    {
        CheckVersion(program.Get("schema_version"));
        var module = program.Get("graph_module");
        var signature = module.Get("signature");
        var symbols = new SymbolScope(ReadConstraints(program.Get("range_constraints")));
        var scope = new MethodScope(name, symbols, cancellationToken);
        var graph = GraphReader.ReadOutermost(module.Get("graph"), scope, SignatureReader.ReadInputs(signature, weights, constants), out var inputs);
        var (inputTree, outputTree) = ReadTrees(module);
        return new ExportedMethod(name, graph, SignatureReader.Read(signature, graph, inputs))
        {
            InputTree = inputTree,
            OutputTree = outputTree,
        };
    }

    private static void CheckVersion(JsonElement version)
    {
        var (major, minor) = (version.Get("major").Integer(), version.Get("minor").Integer());
        if (major != Major)
        {
            throw new TandemException(ErrorCode.FormatNotSupported, "the archive's schema version is unknown", new ErrorDetails
            {
                Expected = $"{Major}.x, as torch 2.7 and later write it",
                Found = $"{major}.{minor}",
                NextStep = major > Major ? "use a newer Tandem, or export the model with an older torch" : "export the model with torch 2.7 or later",
            });
        }
    }

    private static Dictionary<string, SymbolicRange> ReadConstraints(JsonElement constraints)
    {
        var ranges = new Dictionary<string, SymbolicRange>(StringComparer.Ordinal);
        foreach (var entry in constraints.Members())
        {
            var minimum = entry.Value.Find("min_val") is { } least ? least.Integer() : long.MinValue;
            var maximum = entry.Value.Find("max_val") is { } most ? most.Integer() : long.MaxValue;
            ranges.Add(entry.Text(), new(minimum <= -Endless ? long.MinValue : minimum, maximum >= Endless ? long.MaxValue : maximum));
        }

        return ranges;
    }

    // The first entry of the module call graph is the model itself.
    private static (string Inputs, string Outputs) ReadTrees(JsonElement module)
    {
        if (module.Find("module_call_graph") is { } calls)
        {
            foreach (var call in calls.Items())
            {
                if (call.Get("fqn").Text().Length == 0 && call.Find("signature") is { } signature)
                {
                    return (signature.Get("in_spec").Text(), signature.Get("out_spec").Text());
                }
            }
        }

        return ("", "");
    }
}
