using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tandem.Host.Lowering.Decomposition;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>
/// Writes a method anew, node by node, in one walk: a rule keeps a node, or calls other operators and says which of their results stand for the node's
/// outputs. Nested graphs are written by the same rule. For one method and one walk; not thread-safe.
/// </summary>
internal sealed partial class GraphEditor
{
    private readonly Dictionary<string, GraphValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _forwarded = new(StringComparer.Ordinal);
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _counters = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Value, int Dim), GraphValue> _sizes = [];
    private readonly Dictionary<string, GraphNode> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _zeros = new(StringComparer.Ordinal);
    private readonly List<GraphInputSpec> _newInputs = [];
    private readonly List<GraphValue> _newInputValues = [];
    private readonly ExportedMethod _method;
    private Dictionary<string, GraphInputSpec>? _inputs;
    private List<GraphNode> _nodes = [];
    private GraphNode? _origin;
    private bool _isChanged;
    private int _depth;
    private int _scopes;

    private GraphEditor(ExportedMethod method, PassContext context)
    {
        _method = method;
        Context = context;
        Collect(method.Graph);
    }

    /// <summary>What replaces a node: one value for each output, or null to keep the node as it is.</summary>
    /// <param name="editor">The editor, whose calls are written in the node's place.</param>
    /// <param name="node">The node, its references already brought up to date.</param>
    /// <returns>The values, or null.</returns>
    public delegate IReadOnlyList<GraphValue>? Rule(GraphEditor editor, GraphNode node);

    public PassContext Context { get; }

    /// <summary>Rules that calls of the walk are put through themselves; null if calls are written as they are.</summary>
    public DecompositionTable? Decompositions { get; private init; }

    /// <summary>Whether the walk is in a nested graph, which cannot have constants of its own.</summary>
    public bool IsNested => _depth > 0;

    /// <summary>The graph in which the walk is: another number for each nested one.</summary>
    public int Scope { get; private set; }

    /// <summary>The node of the walk as it was before its references were brought up to date; null between nodes.</summary>
    public GraphNode? Origin => _origin;

    /// <summary>The node of the walk as the rule was given it.</summary>
    public GraphNode? Visited { get; private set; }

    /// <summary>Writes a method anew.</summary>
    /// <param name="method">The method.</param>
    /// <param name="context">What passes share.</param>
    /// <param name="rule">What becomes of each node.</param>
    /// <param name="decompositions">Rules for the calls that the rule makes.</param>
    /// <param name="adjustSignature">Changes inputs, outputs and signature at the end.</param>
    /// <param name="beforeOutputs">Called when all nodes of the method's own graph are written, before what it returns is read.</param>
    /// <returns>The method, the same object if nothing changed.</returns>
    public static ExportedMethod Rewrite(
        ExportedMethod method, PassContext context, Rule rule, DecompositionTable? decompositions = null, Func<GraphEditor, ExportedMethod, ExportedMethod>? adjustSignature = null,
        Action<GraphEditor, ExportedGraph>? beforeOutputs = null)
    {
        var editor = new GraphEditor(method, context) { Decompositions = decompositions };
        var graph = editor.Walk(method.Graph, rule, beforeOutputs);
        if (adjustSignature is null && !editor._isChanged)
        {
            return method;
        }

        var result = editor.WithNewInputs(method with { Graph = graph });
        return adjustSignature is null ? result : adjustSignature(editor, result);
    }

    /// <summary>The value of this name as it stands now.</summary>
    public GraphValue Get(string name) => _values.TryGetValue(Current(name), out var value) ? value
        : throw new TandemException(ErrorCode.OperatorNotLowerable, "a value is used before it is set", new ErrorDetails { Location = $"{_method.Name}: {name}" });

    /// <summary>The specification of a tensor.</summary>
    public static TensorSpec Spec(GraphValue value) => value.Tensor!;

    /// <summary>From here on every use of one value is a use of another.</summary>
    public void Forward(string from, string to)
    {
        to = Current(to);
        if (from != to)
        {
            _forwarded[from] = to;
            _isChanged = true;
        }
    }

    /// <summary>The name under which a value is known now.</summary>
    public string Current(string name)
    {
        while (_forwarded.TryGetValue(name, out var next))
        {
            name = next;
        }

        return name;
    }

    /// <summary>The node that sets a value; null for an input.</summary>
    public GraphNode? Producer(string name) => _producers.GetValueOrDefault(Current(name));

    /// <summary>The node with its references as they stand now.</summary>
    public GraphNode Refreshed(GraphNode node)
    {
        ImmutableArray<GraphNamedArgument>.Builder? changed = null;
        for (var i = 0; i < node.Arguments.Length; i++)
        {
            if (Update(node.Arguments[i].Value, null) is var argument && !ReferenceEquals(argument, node.Arguments[i].Value))
            {
                changed ??= node.Arguments.ToBuilder();
                changed[i] = new GraphNamedArgument(node.Arguments[i].Name, argument);
            }
        }

        return changed is null ? node : node with { Arguments = changed.MoveToImmutable() };
    }

    /// <summary>A name that nothing in the method has yet.</summary>
    public string Fresh(string stem)
    {
        ref var counter = ref CollectionsMarshal.GetValueRefOrAddDefault(_counters, stem, out _);
        while (true)
        {
            var name = counter == 0 ? stem : $"{stem}_{counter}";
            counter++;
            if (_names.Add(name))
            {
                return name;
            }
        }
    }

    /// <summary>Calls an operator with one result.</summary>
    /// <param name="name">Full name ("aten::add.Tensor").</param>
    /// <param name="arguments">Arguments in the order of the schema, keyword arguments included; those at the end may be left out.</param>
    /// <returns>The result.</returns>
    public GraphValue Call(string name, params ReadOnlySpan<Arg> arguments) => CallAll(name, arguments)[0];

    /// <summary>Calls an operator with several results.</summary>
    /// <param name="name">Full name.</param>
    /// <param name="arguments">Arguments in the order of the schema.</param>
    /// <returns>The results, in order.</returns>
    public IReadOnlyList<GraphValue> CallAll(string name, params ReadOnlySpan<Arg> arguments) => Redispatch(Node(name, arguments));

    private static GraphNode Node(string name, ReadOnlySpan<Arg> arguments)
    {
        var schema = OperatorTable.Get(name);
        var named = ImmutableArray.CreateBuilder<GraphNamedArgument>(arguments.Length);
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i].Value is { } value)
            {
                named.Add(new GraphNamedArgument(schema.Parameters[i].Name, value));
            }
        }

        var dot = name.IndexOf('.');
        return new GraphNode("", dot < 0 ? name : name[..dot], dot < 0 ? "" : name[(dot + 1)..], named.ToImmutable(), []);
    }

    /// <summary>Calls an operator of two symbolic numbers ("add", "mul", "floordiv").</summary>
    public GraphArgument CallSymbolic(string name, Arg left, Arg right, SymbolicInt result)
    {
        if (result.IsConstant)
        {
            return new GraphArgument.Int(result.Value);
        }

        var value = new GraphValue(Fresh(name), null) { Integer = result };
        Write(new GraphNode(value.Name, $"executorch_prim::{name}", "Scalar", [new("a", left.Value!), new("b", right.Value!)], [value]));
        return new GraphArgument.Reference(value.Name);
    }

    /// <summary>The size of a dimension, as an argument: a number, or a reference to what aten::sym_size.int gives.</summary>
    public GraphArgument Size(GraphValue tensor, int dim)
    {
        var size = Spec(tensor).Sizes[dim];
        if (size.IsConstant)
        {
            return new GraphArgument.Int(size.Value);
        }

        if (!_sizes.TryGetValue((tensor.Name, dim), out var value))
        {
            value = new GraphValue(Fresh("sym_size"), null) { Integer = size };
            Write(new GraphNode(value.Name, "aten::sym_size", "int", [new("self", new GraphArgument.Reference(tensor.Name)), new("dim", new GraphArgument.Int(dim))], [value]));
            _sizes.Add((tensor.Name, dim), value);
        }

        return new GraphArgument.Reference(value.Name);
    }

    /// <summary>A constant of the method, under a name that its bytes make.</summary>
    /// <param name="spec">Its layout.</param>
    /// <param name="bytes">Its bytes; not to be changed afterwards.</param>
    /// <param name="stem">What the name begins with.</param>
    /// <returns>The value; one for equal constants.</returns>
    public GraphValue Constant(TensorSpec spec, byte[] bytes, string stem)
    {
        var name = $"{stem}.{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}.{spec.ScalarType.TorchName()}.{string.Join('x', spec.Sizes)}";
        return Constant(new ExportedTensor(spec, DataContent.FromMemory(bytes, $"{_method.Name}: {name}")), name, stem);
    }

    /// <summary>A constant of the method over bytes that are somewhere already.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="name">Its name in the model; equal names are equal tensors.</param>
    /// <param name="stem">What the value's name begins with.</param>
    /// <returns>The value.</returns>
    public GraphValue Constant(ExportedTensor tensor, string name, string stem)
    {
        for (var i = 0; i < _newInputs.Count; i++)
        {
            if (_newInputs[i].QualifiedName == name)
            {
                return _newInputValues[i];
            }
        }

        if (_method.Signature.Inputs.FirstOrDefault(input => input.QualifiedName == name && input.Kind == GraphInputKind.Constant) is { } known)
        {
            return Get(known.ValueName);
        }

        var value = new GraphValue(Fresh($"c_{stem}"), tensor.Spec with { StorageOffset = 0 });
        _values.Add(value.Name, value);
        _newInputValues.Add(value);
        _newInputs.Add(new GraphInputSpec(GraphInputKind.Constant, value.Name)
        {
            QualifiedName = name,
            Tensor = tensor,
        });
        _isChanged = true;
        return value;
    }

    /// <summary>Refuses a node.</summary>
    public TandemException NotLowerable(GraphNode node, string problem, Exception? inner = null)
    {
        var origin = _origin ?? node;
        return new TandemException(ErrorCode.OperatorNotLowerable, $"the operator {node.FullName} cannot be lowered: {problem}", new ErrorDetails
        {
            Location = $"{_method.Name}: {origin}{(origin.SourceLocation is { } source ? $" ({source.Trim()})" : "")}",
            NextStep = "write the model without it, or use a backend that takes the operator whole",
        }, inner);
    }

    /// <summary>Writes a node with inferred results.</summary>
    public IReadOnlyList<GraphValue> Append(GraphNode node) => Append(node, SpecInference.Infer(this, node) ?? throw NotLowerable(node, "the shapes of its results are unknown"));

    /// <summary>Writes a call whose result is known.</summary>
    public GraphValue CallAs(TensorSpec result, string name, params ReadOnlySpan<Arg> arguments) => Append(Node(name, arguments), [result])[0];

    private IReadOnlyList<GraphValue> Append(GraphNode node, TensorSpec[] specs)
    {
        var outputs = ImmutableArray.CreateBuilder<GraphValue>(specs.Length);
        var stem = node.Operator[(node.Operator.IndexOf("::", StringComparison.Ordinal) + 2)..].Trim('_');
        foreach (var spec in specs)
        {
            outputs.Add(new GraphValue(Fresh(stem), spec));
        }

        var written = node with { Name = outputs.Count > 0 ? outputs[0].Name : Fresh(stem), Outputs = outputs.MoveToImmutable() };
        Write(written);
        return written.Outputs;
    }

    /// <summary>Writes a call, or what it decomposes to.</summary>
    public IReadOnlyList<GraphValue> Redispatch(GraphNode node)
    {
        if (Apply(node) is { } values)
        {
            return values;
        }

        return Decompositions is null || IsRunnable(node, Context) ? Append(node) : throw NotLowerable(node, "nothing runs it, and nothing says what it is made of");
    }

    /// <summary>Whether a kernel runs an operator, or a backend asked for it.</summary>
    public static bool IsRunnable(GraphNode node, PassContext context) => context.Keeps(node)
        || context.Kernels.TryGet(node.FullName, out _) || (OperatorTable.TryGet(node.FullName, out var schema) && schema.OutVariant is { } variant && context.Kernels.TryGet(variant, out _));

    /// <summary>Writes the node of the walk itself, perhaps with other arguments or with results of the same names.</summary>
    public IReadOnlyList<GraphValue> Keep(GraphNode node)
    {
        Write(node);
        return node.Outputs;
    }

    private IReadOnlyList<GraphValue>? Apply(GraphNode node) =>
        Decompositions is { } table && table.Find(node, Context) is { } rule ? rule(this, new OperatorCall(this, node)) : null;

    private void Write(GraphNode node)
    {
        if (_origin is { } origin)
        {
            node = node with { DebugHandle = origin.DebugHandle, SourceLocation = origin.SourceLocation, Metadata = origin.Metadata };
        }

        Note(node);
        _isChanged = true;
    }

    private void Note(GraphNode node)
    {
        _nodes.Add(node);
        foreach (var output in node.Outputs)
        {
            _values[output.Name] = output;
            _producers[output.Name] = node;
        }
    }

    // Rules take for granted what an operator's schema and the specs of a program that PyTorch wrote give; an archive may say anything.
    private IReadOnlyList<GraphValue>? Apply(Rule rule, GraphNode node)
    {
        try
        {
            return rule(this, node);
        }
        catch (Exception error) when (error is IndexOutOfRangeException or ArgumentException or InvalidCastException or InvalidOperationException or ArithmeticException
            or NullReferenceException or KeyNotFoundException)
        {
            throw NotLowerable(node, "its arguments contradict its operator or each other", error);
        }
    }

    private ExportedGraph Walk(ExportedGraph graph, Rule rule, Action<GraphEditor, ExportedGraph>? beforeOutputs)
    {
        var (outer, outerScope) = (_nodes, Scope);
        Scope = _scopes++;
        _nodes = new List<GraphNode>(graph.Nodes.Length + 16);
        var isChanged = false;
        foreach (var original in graph.Nodes)
        {
            Context.CancellationToken.ThrowIfCancellationRequested();
            var node = Update(original, rule);
            var first = _nodes.Count;
            (_origin, Visited) = (original, node);
            var results = Apply(rule, node);
            _origin = null;
            if (results is null)
            {
                Note(node);
                isChanged |= !ReferenceEquals(node, original);
                continue;
            }

            isChanged = true;
            Replace(node, results, first);
        }

        beforeOutputs?.Invoke(this, graph);
        var outputs = Update(graph.Outputs, null);
        isChanged |= outputs != graph.Outputs;
        _isChanged |= isChanged;
        var result = isChanged || _nodes.Count != graph.Nodes.Length ? new ExportedGraph(graph.Inputs, [.. _nodes], outputs) : graph;
        (_nodes, Scope) = (outer, outerScope);
        return result;
    }

    // The last node written takes over the names and the sizes of the node it replaces, so that graphs stay readable and keep the exporter's symbols.
    private void Replace(GraphNode node, IReadOnlyList<GraphValue> results, int first)
    {
        for (var i = 0; i < node.Outputs.Length && i < results.Count; i++)
        {
            var (from, to) = (node.Outputs[i], results[i]);
            if (from.Tensor is { } wanted && to.Tensor is { } given && (wanted.ScalarType != given.ScalarType || wanted.Rank != given.Rank))
            {
                throw NotLowerable(node, $"it gives {wanted}, and what it was lowered to gives {given}");
            }

            var last = _nodes.Count - 1;
            var position = last >= first ? _nodes[last].Outputs.IndexOf(to) : -1;
            if (position >= 0 && from.Name != to.Name)
            {
                var renamed = to with { Name = from.Name, Tensor = SpecInference.Merge(to.Tensor, from.Tensor) };
                _nodes[last] = _nodes[last] with { Name = position == 0 ? from.Name : _nodes[last].Name, Outputs = _nodes[last].Outputs.SetItem(position, renamed) };
                _values.Remove(to.Name);
                _values[renamed.Name] = renamed;
                _forwarded[to.Name] = renamed.Name;
                _producers[renamed.Name] = _nodes[last];
            }
            else
            {
                Forward(from.Name, to.Name);
            }
        }
    }

    private GraphNode Update(GraphNode node, Rule rule)
    {
        ImmutableArray<GraphNamedArgument>.Builder? changed = null;
        for (var i = 0; i < node.Arguments.Length; i++)
        {
            var argument = Update(node.Arguments[i].Value, rule);
            if (!ReferenceEquals(argument, node.Arguments[i].Value))
            {
                changed ??= node.Arguments.ToBuilder();
                changed[i] = new GraphNamedArgument(node.Arguments[i].Name, argument);
            }
        }

        return changed is null ? node : node with { Arguments = changed.MoveToImmutable() };
    }

    private GraphArgument Update(GraphArgument argument, Rule? rule)
    {
        switch (argument)
        {
            case GraphArgument.Reference reference:
                return _forwarded.ContainsKey(reference.Name) ? new GraphArgument.Reference(Current(reference.Name)) : argument;
            case GraphArgument.List list:
                var items = Update(list.Items, rule);
                return items == list.Items ? argument : new GraphArgument.List(items);
            case GraphArgument.Subgraph nested when rule is not null:
                _depth++;
                var graph = Walk(nested.Value, rule, null);
                _depth--;
                return ReferenceEquals(graph, nested.Value) ? argument : new GraphArgument.Subgraph(graph);
            default:
                return argument;
        }
    }

    private ImmutableArray<GraphArgument> Update(ImmutableArray<GraphArgument> items, Rule? rule)
    {
        ImmutableArray<GraphArgument>.Builder? changed = null;
        for (var i = 0; i < items.Length; i++)
        {
            var item = Update(items[i], rule);
            if (!ReferenceEquals(item, items[i]))
            {
                changed ??= items.ToBuilder();
                changed[i] = item;
            }
        }

        return changed?.MoveToImmutable() ?? items;
    }

    // Constants stand after the model's own tensors and before what the caller gives.
    private ExportedMethod WithNewInputs(ExportedMethod method)
    {
        if (_newInputs.Count == 0)
        {
            return method;
        }

        var at = 0;
        while (at < method.Signature.Inputs.Length && method.Signature.Inputs[at].Kind != GraphInputKind.UserInput)
        {
            at++;
        }

        return method with
        {
            Graph = method.Graph with { Inputs = method.Graph.Inputs.InsertRange(at, _newInputValues) },
            Signature = method.Signature with { Inputs = method.Signature.Inputs.InsertRange(at, _newInputs) },
        };
    }

    private void Collect(ExportedGraph graph)
    {
        foreach (var input in graph.Inputs)
        {
            _names.Add(input.Name);
            _values[input.Name] = input;
        }

        foreach (var node in graph.Nodes)
        {
            _names.Add(node.Name);
            foreach (var output in node.Outputs)
            {
                _names.Add(output.Name);
            }

            foreach (var argument in node.Arguments)
            {
                Collect(argument.Value);
            }
        }
    }

    private void Collect(GraphArgument argument)
    {
        if (argument is GraphArgument.Subgraph nested)
        {
            Collect(nested.Value);
        }
        else if (argument is GraphArgument.List list)
        {
            foreach (var item in list.Items)
            {
                Collect(item);
            }
        }
    }
}
