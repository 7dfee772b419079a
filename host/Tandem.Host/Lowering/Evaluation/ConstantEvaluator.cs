using System.Runtime.InteropServices;
using Tandem.Host.Execution;
using Tandem.Host.Kernels;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Evaluation;

/// <summary>Runs single nodes of the edge dialect with the host's kernels, on tensors in memory of its own. Not thread-safe.</summary>
internal sealed unsafe class ConstantEvaluator : IDisposable
{
    private readonly KernelRegistry _kernels;
    private readonly List<nint> _blocks = [];
    private readonly ComputeThreadPool _pool = new(1);
    private readonly SessionScratch _scratch;

    public ConstantEvaluator(KernelRegistry kernels)
    {
        _kernels = kernels;
        _scratch = new SessionScratch(_pool, 1);
    }

    /// <summary>A tensor without values.</summary>
    public TensorView Create(TensorLayout layout)
    {
        var view = new TensorView(layout, ShapeDynamism.DynamicBound);
        var block = NativeMemory.AlignedAlloc((nuint)Math.Max(view.ByteCount, 1), 64);
        _blocks.Add((nint)block);
        view.Bind(block);
        return view;
    }

    /// <summary>A tensor with the bytes of a dense constant.</summary>
    public TensorView Load(ExportedTensor tensor)
    {
        var view = Create(tensor.Spec.ToUpperBound());
        tensor.Storage.Read(tensor.Spec.StorageOffset.Value * view.ElementSize, new Span<byte>(view.Data, checked((int)view.ByteCount)));
        return view;
    }

    /// <summary>The bytes of a tensor, in the order of its memory.</summary>
    public static byte[] Bytes(TensorView view) => new ReadOnlySpan<byte>(view.Data, checked((int)view.ByteCount)).ToArray();

    /// <summary>Whether a node can be run: a kernel is there.</summary>
    public bool CanRun(GraphNode node) => OperatorTable.TryGet(node.FullName, out var schema) && schema.OutVariant is { } variant && _kernels.TryGet(variant, out _);

    /// <summary>Runs a node.</summary>
    /// <param name="node">The node; every size of its results is a number, or has a bound.</param>
    /// <param name="find">Finds what it refers to.</param>
    /// <returns>Its results.</returns>
    /// <exception cref="TandemException">The kernel refuses its arguments.</exception>
    public TensorView[] Run(GraphNode node, Func<string, EValue> find)
    {
        var schema = OperatorTable.Get(node.FullName);
        _kernels.TryGet(schema.OutVariant!, out var kernel);
        var table = new List<EValue>();
        var indices = new List<int>();
        foreach (var parameter in schema.OutParameters)
        {
            var argument = node.Find(parameter.Name) ?? (parameter.Default is { } text ? Passes.OperatorCall.ParseDefault(text, parameter.Type) : null);
            indices.Add(Add(table, Value(table, argument, parameter.Type, find)));
        }

        var outputs = node.Outputs.Select(output => Create(output.Tensor!.ToUpperBound())).ToArray();
        int[] places = [.. outputs.Select(output => Add(table, EValue.FromTensor(output)))];
        if (schema.Returns is ["Tensor[]"] || outputs.Length > 1)
        {
            indices.AddRange(schema.Returns is ["Tensor[]"] ? [] : places);
            indices.Add(Add(table, EValue.FromTensorList(new EValueTensorList(places, isOptional: false))));
        }
        else
        {
            indices.Add(places[0]);
        }

        _scratch.Reset();
        kernel!(_scratch, new Arguments(CollectionsMarshal.AsSpan(table), CollectionsMarshal.AsSpan(indices)));
        return outputs;
    }

    public void Dispose()
    {
        _scratch.Dispose();
        _pool.Dispose();
        _blocks.ForEach(static block => NativeMemory.AlignedFree((void*)block));
        _blocks.Clear();
    }

    private static int Add(List<EValue> table, EValue value)
    {
        table.Add(value);
        return table.Count - 1;
    }

    private static EValue Value(List<EValue> table, GraphArgument? argument, string type, Func<string, EValue> find)
    {
        switch (argument)
        {
            case null or GraphArgument.None:
                return EValue.None;
            case GraphArgument.Reference reference:
                return find(reference.Name);
            case GraphArgument.Int number:
                return type.StartsWith("float", StringComparison.Ordinal) ? EValue.FromDouble(number.Value)
                    : type.Contains('[', StringComparison.Ordinal) ? EValue.FromIntList(new EValueIntList([Add(table, EValue.FromInt(number.Value))])) : EValue.FromInt(number.Value);
            case GraphArgument.Float number:
                return EValue.FromDouble(number.Value);
            case GraphArgument.Bool flag:
                return EValue.FromBool(flag.Value);
            case GraphArgument.Text text:
                return EValue.FromString(text.Value);
            case GraphArgument.DataType code:
                return EValue.FromInt((long)code.Value);
            case GraphArgument.Option option:
                return EValue.FromInt(option.Value switch { "preserve_format" => 1, "channels_last" => 2, _ => 0 });
            case GraphArgument.List list when type.StartsWith("Tensor", StringComparison.Ordinal):
                var isOptional = type.StartsWith("Tensor?", StringComparison.Ordinal);
                return EValue.FromTensorList(new EValueTensorList([.. list.Items.Select(item => item is GraphArgument.Reference reference ? Add(table, find(reference.Name)) : -1)], isOptional));
            case GraphArgument.List list when type.StartsWith("float", StringComparison.Ordinal):
                return EValue.FromDoubleList([.. list.Items.Select(item => item is GraphArgument.Float number ? number.Value : ((GraphArgument.Int)item).Value)]);
            case GraphArgument.List list when type.StartsWith("bool", StringComparison.Ordinal):
                return EValue.FromBoolList([.. list.Items.Select(item => ((GraphArgument.Bool)item).Value)]);
            case GraphArgument.List list:
                return EValue.FromIntList(new EValueIntList([.. list.Items.Select(item => Add(table, Value(table, item, "int", find)))]));
            default:
                throw new TandemException(ErrorCode.OperatorArgumentInvalid, "an argument cannot be evaluated ahead of time", new ErrorDetails { Found = argument.ToString() });
        }
    }
}
