using System.Collections.Immutable;
using System.Diagnostics;
using Tandem.Host.Lowering;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>
/// Quantises the linear layers of a float program: weights ahead of time, activations while the program runs. What comes out holds the nodes that torchao
/// writes, and is lowered like any other program.
/// </summary>
/// <remarks>
/// Layers are the nodes aten::linear, and addmm, mm and matmul with a constant matrix on the right. A weight that several nodes or methods use is quantised once and
/// stays shared. Embeddings stay float; a weight that an embedding and a layer share stays for the embedding and is quantised for the layer. Equal input gives equal
/// results, whatever machine and number of threads. Threading: all members may be called from any thread.
/// </remarks>
public static class ProgramQuantizer
{
    /// <summary>Quantises a program.</summary>
    /// <param name="program">The program, as the reader of archives or the graph builder gives it; it stays as it is.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <param name="progress">Who hears of progress, on the calling thread; null for nobody.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The quantised program, and what was done.</returns>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.ArgumentInvalid"/>: an impossible option, or a pattern that no layer matches; <see cref="ErrorCode.WeightNotFinite"/> with the layer's
    /// name; what reading a weight throws.
    /// </exception>
    public static QuantizationResult Quantize(
        ExportedProgram program, QuantizationOptions? options = null, IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new QuantizationOptions();
        options.Check();
        var clock = Stopwatch.StartNew();
        var state = MutatedBuffers.Find(program);
        ImmutableArray<LinearFinder> found = [.. program.Methods.Select(method => new LinearFinder(method, state).Run())];
        var plan = LayerPlan.Create(found, options);
        var weights = new Dictionary<WeightKey, QuantizedWeight>();
        foreach (var (key, name) in plan.Weights)
        {
            weights[key] = WeightQuantizer.Quantize(name, key.Weight, key.IsTransposed, key.GroupSize, key.Grid, options, cancellationToken);
            progress?.Report(new QuantizationProgress(name, weights.Count, plan.Weights.Count));
        }

        var floats = new Dictionary<WeightKey, SortedSet<string>>();
        var methods = ImmutableArray.CreateBuilder<ExportedMethod>(program.Methods.Length);
        for (var i = 0; i < found.Length; i++)
        {
            var layers = found[i].Layers.Where(plan.Keys.ContainsKey)
                .ToDictionary(layer => layer.Node.Name, layer => (layer, weights[plan.Keys[layer]]), StringComparer.Ordinal);
            var quantizer = new MethodQuantizer(program.Methods[i]);
            var stays = quantizer.RemainingReads(layers);
            foreach (var (layer, _) in layers.Values.Where(item => stays.Contains(item.layer.Weight.ValueName)))
            {
                var readers = floats.TryGetValue(plan.Keys[layer], out var known) ? known : floats[plan.Keys[layer]] = new(StringComparer.Ordinal);
                readers.UnionWith(program.Methods[i].Graph.Nodes
                    .Where(node => !layers.ContainsKey(node.Name) && node.References().Contains(layer.Weight.ValueName)).Select(node => node.FullName));
            }

            methods.Add(layers.Count == 0 ? program.Methods[i] : quantizer.Run(layers));
        }

        var result = new ExportedProgram(methods.MoveToImmutable());
        ExportedProgramChecker.Check(result);
        return new QuantizationResult(result, new QuantizationReport
        {
            Layers = [.. plan.Weights.Select(item => Describe(item.Name, item.Key, weights[item.Key], plan, floats))],
            FloatLayers = plan.FloatLayers,
            Duration = clock.Elapsed,
        });
    }

    private static QuantizedLayer Describe(
        string name, WeightKey key, QuantizedWeight weight, LayerPlan plan, Dictionary<WeightKey, SortedSet<string>> floats)
    {
        var (outputs, inputs) = (weight.Integers.Spec.Sizes[0].Value, weight.Integers.Spec.Sizes[1].Value);
        var isInt4 = key.Grid == WeightGrid.Int4;
        var scales = outputs * (inputs / key.GroupSize);
        return new QuantizedLayer
        {
            Name = name,
            Outputs = (int)outputs,
            Inputs = (int)inputs,
            Scheme = isInt4 ? QuantizationScheme.Int8DynamicActivationInt4Weight : QuantizationScheme.Int8DynamicActivationInt8Weight,
            GroupSize = isInt4 && QuantizationOptions.IsGroup(key.GroupSize) ? key.GroupSize : 0,
            Uses = plan.Keys.Values.Count(other => other == key),
            WithoutClipping = weight.Statistics.WithoutClipping,
            Error = weight.Statistics.Error,
            BytesBefore = outputs * inputs * sizeof(float),
            BytesAfter = isInt4 ? (outputs * inputs / 2) + (scales * sizeof(ushort)) : (outputs * inputs) + (scales * sizeof(float)),
            FloatStays = floats.TryGetValue(key, out var readers) ? $"also read by {string.Join(", ", readers.DefaultIfEmpty("the caller"))}" : null,
        };
    }
}
