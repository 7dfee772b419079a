using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>The tensors of a graph, by name, while nodes of it are lowered into one payload.</summary>
/// <param name="writer">The payload.</param>
/// <param name="resolve">Adds a tensor that is asked for and not there yet; null if all are there.</param>
internal sealed class LoweringScope(GraphWriter writer, Action<LoweringScope, string>? resolve = null)
{
    private readonly Dictionary<string, LoweredTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _refused = new(StringComparer.Ordinal);

    private readonly Dictionary<string, DynamicParameters> _parameters = new(StringComparer.Ordinal);

    public GraphWriter Writer => writer;

    /// <summary>Which results are quantised by what reads them.</summary>
    public QuantisedResults Results { get; init; } = QuantisedResults.None;

    /// <summary>Keeps what a value is that exists only while a call quantises rows.</summary>
    public void AddParameters(string name, DynamicParameters parameters)
    {
        _parameters[name] = parameters;
        _refused[name] = "codes, scales and zero points of rows that are quantised when called stay within a payload";
    }

    /// <summary>What a value is to a quantisation of rows; null if it is something else.</summary>
    public DynamicParameters? FindParameters(string name)
    {
        if (!_parameters.ContainsKey(name) && !_tensors.ContainsKey(name))
        {
            resolve?.Invoke(this, name);
        }

        return _parameters.GetValueOrDefault(name);
    }

    /// <summary>Whether a value is a tensor of this scope already.</summary>
    public bool TryGet(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out LoweredTensor? tensor) => _tensors.TryGetValue(name, out tensor);

    /// <summary>The tensor of a name.</summary>
    /// <exception cref="LoweringRefusal">There is none that a payload can hold.</exception>
    public LoweredTensor this[string name]
    {
        get
        {
            if (!_tensors.ContainsKey(name))
            {
                resolve?.Invoke(this, name);
            }

            return _tensors.TryGetValue(name, out var tensor) ? tensor
                : throw new LoweringRefusal(_refused.GetValueOrDefault(name, $"'{name}' is not a tensor"));
        }
        set => _tensors[name] = value;
    }

    /// <summary>Adds an argument of the call. One that is no tensor of a payload takes its place among the arguments, and no more.</summary>
    public void AddInput(GraphValue value)
    {
        try
        {
            var spec = CheckBoundary(value);
            _tensors[value.Name] = writer.AddInput(spec.ScalarType, spec.Sizes);
        }
        catch (LoweringRefusal refusal)
        {
            writer.SkipArgument();
            _refused[value.Name] = refusal.Message;
        }
    }

    /// <summary>Adds a tensor that another node of the partition may compute, whatever its dim order.</summary>
    public void AddOperand(GraphValue value)
    {
        try
        {
            var spec = Check(value);
            _tensors[value.Name] = writer.AddInput(spec.ScalarType, spec.Sizes);
        }
        catch (LoweringRefusal refusal)
        {
            _refused[value.Name] = refusal.Message;
        }
    }

    /// <summary>Adds a tensor of the program that never changes.</summary>
    public void AddConstant(string name, ExportedTensor tensor)
    {
        try
        {
            // Constants of other types are parameters of quantisation; who reads them as numbers is refused there.
            _tensors[name] = tensor.Spec.IsStatic ? new LoweredTensor(ConstantTensor.From(tensor)) : throw new LoweringRefusal($"the constant '{name}' has no fixed size");
        }
        catch (LoweringRefusal refusal)
        {
            _refused[name] = refusal.Message;
        }
    }

    /// <summary>Refuses a tensor that no payload of this plugin holds.</summary>
    /// <returns>Its spec.</returns>
    public static TensorSpec Check(GraphValue value)
    {
        var spec = value.Tensor ?? throw new LoweringRefusal($"'{value.Name}' is not a tensor");
        CheckType(value.Name, spec.ScalarType);
        return spec;
    }

    /// <summary>Refuses a tensor that cannot be an argument of a delegate. Inside a payload dim orders are of no account.</summary>
    /// <returns>Its spec.</returns>
    public static TensorSpec CheckBoundary(GraphValue value)
    {
        var spec = Check(value);
        return TensorShapes.IsContiguous(spec.DimOrder.AsSpan()) ? spec
            : throw new LoweringRefusal($"'{value.Name}' lies in dim order [{string.Join(", ", spec.DimOrder)}]; a delegate's tensors are contiguous");
    }

    private static void CheckType(string name, ScalarType type)
    {
        if (type is not (ScalarType.Float or ScalarType.Half or ScalarType.Char))
        {
            throw new LoweringRefusal($"'{name}' is {type.TorchName()}; payloads compute in float32, float16 and int8");
        }
    }
}
