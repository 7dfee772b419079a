using System.Collections.Immutable;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Host.Lowering.Operators;
using Tandem.Host.Lowering.Planning;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>Emits one method: its graph, in edge dialect, becomes values and one chain of instructions.</summary>
internal sealed class MethodEmitter
{
    private const string PrimPrefix = "executorch_prim::";

    private readonly LoweredMethod _method;
    private readonly ConstantPool _constants;
    private readonly IReadOnlySet<string> _mutableBuffers;
    private readonly CancellationToken _cancellation;
    private readonly ArgumentEmitter _arguments;
    private readonly ControlFlowEmitter _controlFlow;
    private readonly Dictionary<string, (int Index, TensorSpec? Spec)> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _bound = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _buffers = new(StringComparer.Ordinal);

    internal MethodEmitter(LoweredMethod method, ConstantPool constants, IReadOnlySet<string> mutableBuffers, CancellationToken cancellation)
    {
        (_method, _constants, _mutableBuffers, _cancellation) = (method, constants, mutableBuffers, cancellation);
        Code = new MethodCode(method.Method.Name);
        _arguments = new ArgumentEmitter(Code, ValueOf);
        _controlFlow = new ControlFlowEmitter(this);
    }

    /// <summary>What is emitted.</summary>
    internal MethodCode Code { get; }

    /// <summary>Emits the method. New values of buffers are noted in <see cref="MethodCode.WriteBacks"/>.</summary>
    internal MethodCode Emit()
    {
        EmitInputs();
        EmitNodes(_method.Method.Graph with { Nodes = NodeOrder.Sink(_method.Method) });
        EmitOutputs();
        return Code;
    }

    /// <summary>The value of a name.</summary>
    internal int ValueOf(string name) => _values.TryGetValue(name, out var value) ? value.Index
        : throw new TandemException(ErrorCode.ProgramIndexOutOfRange, "a graph refers to a value that nothing sets", new ErrorDetails { Location = _method.Method.Name, Found = name });

    /// <summary>The value of an argument that stands on its own: an output, an operand of control flow.</summary>
    internal int ValueOf(GraphNode node, GraphArgument argument) => argument is GraphArgument.Reference { Name: var name } ? ValueOf(name)
        : _arguments.EmitScalar(node, "operand", argument);

    /// <summary>Names a value.</summary>
    internal void Define(GraphValue value, int index) => _values[value.Name] = (index, value.Tensor);

    /// <summary>Lets a node write its result into a value that is there already.</summary>
    internal void Bind(string name, int index) => _bound[name] = index;

    /// <summary>Emits the nodes of a graph whose inputs are named.</summary>
    internal void EmitNodes(ExportedGraph graph)
    {
        foreach (var node in graph.Nodes)
        {
            _cancellation.ThrowIfCancellationRequested();
            var outer = Code.Origin;
            Code.Origin = new InstructionOrigin(node.Name, node.DebugHandle);
            EmitNode(node);
            Code.Origin = outer;
        }
    }

    /// <summary>Copies a tensor's bytes into another tensor of its own sizes; a scalar's value into another value.</summary>
    internal void EmitCopy(int from, int to)
    {
        if (from == to)
        {
            return;
        }

        if (Code.Values[to].Storage is null)
        {
            Code.Move(from, to);
        }
        else if (!Code.Values[to].IsDynamic && !Code.Values[from].IsDynamic && TensorShapes.IsContiguous(Code.Values[to].Layout!.DimOrder.AsSpan()))
        {
            Code.Call("aten::copy_", [to, from, Code.Literal(new ValueModel.Bool(false)), to]);
        }
        else
        {
            EmitClone(from, to);
        }
    }

    /// <summary>A tensor of its own with the bytes of another one.</summary>
    internal int EmitClone(int from, StorageKind kind)
    {
        var source = Code.Values[from];
        var copy = Code.Add(source with { IsBuffer = false, Storage = new TensorStorage(kind, source.Layout!.ByteCount) });
        EmitClone(from, copy);
        return copy;
    }

    private void EmitClone(int from, int to)
    {
        var order = Code.IntList([.. Code.Values[to].Layout!.DimOrder.Select(dimension => Code.Int(dimension))]);
        Code.Call("dim_order_ops::_clone_dim_order.out", [from, Code.Literal(new ValueModel.Bool(false)), order, to, to], to);
    }

    private void EmitInputs()
    {
        var signature = _method.Method.Signature;
        var used = UsedNames(_method.Method.Graph);
        for (var i = 0; i < signature.Inputs.Length; i++)
        {
            var input = signature.Inputs[i];
            var value = _method.Method.Graph.Inputs[i];
            var isMutable = input.Kind == GraphInputKind.Buffer && _mutableBuffers.Contains(input.QualifiedName ?? "");
            if (input.Kind == GraphInputKind.UserInput)
            {
                var index = value.Tensor is { } spec ? Code.Tensor(spec, StorageKind.Input) : EmitTracedInput(input, value);
                Define(value, index);
                Code.Inputs.Add(index);
            }
            else if (used.Contains(value.Name) || (isMutable && signature.IsMutated(input.QualifiedName!)))
            {
                // What only delegates read is theirs: it has no value here.
                Define(value, EmitState(input, value, isMutable));
            }
        }
    }

    // A number that the model was specialised for is a value of its own: a call must give it again.
    private int EmitTracedInput(GraphInputSpec input, GraphValue value)
    {
        var traced = input.TracedValue ?? (value.Integer is { IsConstant: true } number ? new GraphArgument.Int(number.Value) : null);
        return traced is null
            ? throw new TandemException(ErrorCode.ProgramNotSupported, "an input is a number that changes from call to call", new ErrorDetails
            {
                Location = $"{_method.Method.Name}: {input.ValueName}",
                Expected = "a tensor, or a number that the program is specialised for",
                Found = $"{value.Integer}",
                NextStep = "export the model with a tensor for this input, or with the number fixed",
            })
            : Code.Add(Code.Values[_arguments.EmitScalar(new GraphNode(input.ValueName, "input", "", [], []), input.ValueName, traced)]);
    }

    private int EmitState(GraphInputSpec input, GraphValue value, bool isMutable)
    {
        var layout = (value.Tensor ?? throw new TandemException(ErrorCode.ProgramFieldMissing, "a parameter, buffer or constant is not a tensor",
            new ErrorDetails { Location = $"{_method.Method.Name}: {value.Name}" })).ToUpperBound();
        if (!isMutable)
        {
            return Code.Add(new EmittedValue(null, layout, _constants.Constant(input, layout)));
        }

        if (!_buffers.TryGetValue(input.QualifiedName!, out var index))
        {
            var storage = new TensorStorage(StorageKind.Buffer, layout.ByteCount) { Name = input.QualifiedName, DataIndex = _constants.FirstContents(input, layout) };
            index = Code.Add(new EmittedValue(null, layout, storage) { IsBuffer = true });
            _buffers.Add(input.QualifiedName!, index);
        }

        return index;
    }

    private void EmitNode(GraphNode node)
    {
        if (node.Operator == LoweredMethod.DelegateCall)
        {
            EmitDelegate(node);
        }
        else if (_controlFlow.TryEmit(node))
        {
        }
        else if (node.Operator.StartsWith(PrimPrefix, StringComparison.Ordinal))
        {
            Code.Call(node.FullName, [.. node.Arguments.Select(argument => _arguments.EmitScalar(node, argument.Name, argument.Value)), ScalarResult(node)]);
        }
        else if (!TryEmitView(node))
        {
            EmitKernel(node);
        }
    }

    private void EmitDelegate(GraphNode node)
    {
        if (node.Find("delegate") is not GraphArgument.Int { Value: var number } || number < 0 || number >= _method.Delegates.Length
            || node.Find("args") is not GraphArgument.List { Items: var items })
        {
            throw EmissionError.Node(node, "a delegate call is not whole", "the index of a delegate and a list of inputs");
        }

        var item = _method.Delegates[(int)number];
        ImmutableArray<int> arguments = [.. items.Select(argument => ValueOf(node, argument)), .. node.Outputs.Select(Result)];
        Code.Delegate(new DelegateImage(item.BackendId, item.Processed, item.CompileSpecs), arguments);
    }

    private bool TryEmitView(GraphNode node)
    {
        if (node.Outputs.Length != 1 || node.Outputs[0].Tensor is not { } result || _bound.ContainsKey(node.Outputs[0].Name)
            || node.Find("self") is not GraphArgument.Reference { Name: var name } || _values[name].Spec is not { } operand)
        {
            return false;
        }

        var self = ValueOf(name);
        if (ViewOperators.IsStaticView(node, operand, result))
        {
            Define(node.Outputs[0], Code.Alias(self, result));
            return true;
        }

        // A view of a constant would need memory that may be written.
        if (!ViewOperators.IsDynamicView(node, operand, result) || !Code.Values[self].Storage!.IsPlanned || !OperatorTable.TryGet(node.FullName, out var schema))
        {
            return false;
        }

        var size = _arguments.Emit(node, schema.Find("size")!);
        var view = Code.Alias(self, result);
        Define(node.Outputs[0], view);
        Code.Call("executorch_prim::et_view.default", [self, size, view]);
        return true;
    }

    private void EmitKernel(GraphNode node)
    {
        if (!OperatorTable.TryGet(node.FullName, out var schema))
        {
            throw EmissionError.Node(node, "the operator is unknown", "an operator of PyTorch's core set", node.FullName);
        }

        if (schema.OutVariant is not { } outVariant)
        {
            if (schema.Returns is not [not "Tensor" and not "Tensor[]"] || schema.IsMutating)
            {
                throw EmissionError.Node(node, "the operator has no form that writes into given memory", "an out variant", node.FullName);
            }

            Code.Call(node.FullName, [.. schema.Parameters.Select(parameter => _arguments.Emit(node, parameter)), ScalarResult(node)]);
            return;
        }

        ImmutableArray<int> arguments = [.. schema.OutParameters.Select(parameter => _arguments.Emit(node, parameter))];
        ImmutableArray<int> results = [.. node.Outputs.Select(Result)];
        if (schema.Returns is ["Tensor[]"])
        {
            var list = Code.Add(new EmittedValue(new ValueModel.TensorList(results)));
            Code.Call(outVariant, [.. arguments, list, list]);
        }
        else if (results.Length != schema.Returns.Length || schema.Returns.Any(type => type != "Tensor"))
        {
            throw EmissionError.Node(node, "a node's results are not those of its operator", string.Join(", ", schema.Returns), $"{results.Length} results");
        }
        else if (results is [var result])
        {
            Code.Call(outVariant, [.. arguments, result, result], result, InPlaceOperands(node, schema, result));
        }
        else
        {
            Code.Call(outVariant, [.. arguments, .. results, Code.Add(new EmittedValue(new ValueModel.TensorList(results)))]);
        }
    }

    private ImmutableArray<int> InPlaceOperands(GraphNode node, OperatorSchema schema, int result)
    {
        var spec = node.Outputs[0].Tensor!;
        return [.. schema.Parameters.Where(parameter => parameter.Type is "Tensor" or "Tensor?" && InPlaceOperators.Allows(node.FullName, parameter.Name))
            .Select(parameter => node.Find(parameter.Name)).OfType<GraphArgument.Reference>()
            .Where(argument => _values[argument.Name].Spec is { } operand && operand.ScalarType.Size() == spec.ScalarType.Size()
                && operand.Sizes.AsSpan().SequenceEqual(spec.Sizes.AsSpan()) && operand.DimOrder.AsSpan().SequenceEqual(spec.DimOrder.AsSpan()))
            .Select(argument => ValueOf(argument.Name)).Where(index => index != result).Distinct()];
    }

    /// <summary>The value that a node sets: a new one, or the one that was bound to its name.</summary>
    internal int Result(GraphValue value)
    {
        var index = _bound.TryGetValue(value.Name, out var bound) ? bound
            : value.Tensor is { } spec ? Code.Tensor(spec) : Code.Add(new EmittedValue(new ValueModel.Int(0)));
        Define(value, index);
        return index;
    }

    private int ScalarResult(GraphNode node)
    {
        if (node.Outputs is not [{ Tensor: null } output])
        {
            throw EmissionError.Node(node, "a node's results are not those of its operator", "one number", $"{node.Outputs.Length} results");
        }

        if (_bound.TryGetValue(output.Name, out var index))
        {
            Define(output, index);
            return index;
        }

        ValueModel first = node.Operator switch
        {
            PrimPrefix + "eq" or PrimPrefix + "ne" or PrimPrefix + "lt" or PrimPrefix + "le" or PrimPrefix + "gt" or PrimPrefix + "ge" or PrimPrefix + "sym_not" => new ValueModel.Bool(false),
            PrimPrefix + "truediv" or PrimPrefix + "sym_float" => new ValueModel.Double(0),
            _ => new ValueModel.Int(0),
        };
        index = Code.Add(new EmittedValue(first));
        Define(output, index);
        return index;
    }

    private void EmitOutputs()
    {
        var (graph, signature) = (_method.Method.Graph, _method.Method.Signature);
        var root = new GraphNode("output", "output", "", [], []);
        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            var index = ValueOf(root, graph.Outputs[i]);
            switch (signature.Outputs[i])
            {
                case { Kind: GraphOutputKind.UserOutput }:
                    Code.Outputs.Add(EmitOutput(index));
                    break;
                case { Kind: GraphOutputKind.BufferMutation, TargetName: { } name } when _buffers.TryGetValue(name, out var buffer):
                    Code.WriteBacks.Add((index, buffer));
                    break;
                case { Kind: GraphOutputKind.UserInputMutation, TargetName: { } name }:
                    Code.WriteBacks.Add((index, ValueOf(name)));
                    break;
                case var other:
                    throw new TandemException(ErrorCode.ProgramIndexOutOfRange, "an output goes to a buffer that the method does not have",
                        new ErrorDetails { Location = $"{_method.Method.Name} output {i}", Found = other.TargetName });
            }
        }
    }

    // What the caller gets does not lie in state, which another method may change before the caller has looked.
    private int EmitOutput(int index)
    {
        if (Code.Values[index].Storage is not { } storage)
        {
            return index;
        }

        if (storage.Kind == StorageKind.Buffer)
        {
            return EmitClone(index, StorageKind.Output);
        }

        storage.MarkOutput();
        return index;
    }

    private static HashSet<string> UsedNames(ExportedGraph graph) =>
        [.. graph.Nodes.SelectMany(node => node.References()), .. graph.Outputs.SelectMany(output => output.References())];
}
