using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>Values and nodes of a payload under construction.</summary>
/// <remarks>
/// Tensors keep the order of dimensions in which they are produced; <see cref="Read"/> transposes only where a node needs another order that is not
/// there yet. So images stay in NHWC between convolutions, and pairs of transposes never come into being.
/// </remarks>
internal sealed class GraphWriter
{
    private const uint NoExternalId = 0xFFFFFFFF;

    private readonly List<ValueEntry> _values = [];
    private readonly List<PayloadOperation> _nodes = [];
    private readonly Dictionary<(ConstantIdentity Elements, PayloadDatatype Datatype, PayloadQuantization? Quantization, ConstantIdentity Scales), uint> _constantIds = [];
    private readonly Dictionary<(double Value, ElementType Type, int Rank), LoweredTensor> _scalars = [];
    private readonly Dictionary<(uint Id, int Dimensions), uint> _rows = [];
    private readonly Dictionary<uint, uint> _widened = [];
    private int _externals;

    /// <summary>Debug handle of the nodes that are added from now on.</summary>
    public int DebugHandle { get; set; } = -1;

    /// <summary>Whether a node computes something, rather than only moving elements.</summary>
    public bool Computes => _nodes.Any(node => node.Kind is not (PayloadNodeKind.StaticReshape or PayloadNodeKind.StaticTranspose or PayloadNodeKind.StaticSlice
        or PayloadNodeKind.Copy or PayloadNodeKind.Convert or PayloadNodeKind.Concatenate2 or PayloadNodeKind.Concatenate3 or PayloadNodeKind.Concatenate4
        or PayloadNodeKind.Concatenate5 or PayloadNodeKind.StaticConstantPad));

    /// <summary>About how many multiplications and additions a call does, at upper bounds.</summary>
    public long Work => _nodes.Sum(node => _values[(int)node.Outputs[0]].Shape.ElementCount * (node.Kind switch
    {
        PayloadNodeKind.FullyConnected or PayloadNodeKind.BatchMatrixMultiply => _values[(int)node.Inputs[0]].Shape.FromEnd(1),
        _ when node.Convolution is { } c => (long)c.KernelHeight * c.KernelWidth * c.GroupInputChannels,
        _ => 1,
    }));

    /// <summary>Adds a tensor that the call gives; its position among the arguments is the order of these calls.</summary>
    public LoweredTensor AddInput(ElementType type, IReadOnlyList<SymbolicInt> sizes)
    {
        var id = AddValue(type, [.. sizes], PayloadValue.ExternalInput, (uint)_externals);
        _externals++;
        return new LoweredTensor(new TensorStorage(type, [.. sizes], id), TensorStorage.Identity(sizes.Count));
    }

    /// <summary>Says what the int8 elements of an argument of the call stand for, which nothing has said yet.</summary>
    /// <returns>The argument with that meaning.</returns>
    public LoweredTensor Declare(LoweredTensor input, PayloadQuantization.PerTensor quantization)
    {
        var type = new ElementType(ScalarType.Char, quantization);
        _values[(int)input.Storage.Native].Type = type;
        return new LoweredTensor(new TensorStorage(type, input.Storage.Sizes, input.Storage.Native), input.Order);
    }

    /// <summary>Leaves out an argument of the call that no node of a payload can read.</summary>
    public void SkipArgument() => _externals++;

    /// <summary>Makes a tensor a result of the call, after all inputs were added.</summary>
    public void AddOutput(LoweredTensor tensor)
    {
        if (tensor.IsConstant)
        {
            throw new LoweringRefusal("the result is known ahead of time");
        }

        if (tensor.Rows is not null)
        {
            throw new LoweringRefusal("rows that are quantised when called are read outside the payload");
        }

        var id = Read(tensor, TensorStorage.Identity(tensor.Rank));
        var value = _values[(int)id];
        if (value.Flags != 0)
        {
            // An input or another output: the caller's memory for this one is filled by a copy.
            id = AddNode(PayloadNodeKind.Copy, [id], tensor.Type, tensor.Sizes);
            value = _values[(int)id];
        }

        (value.Flags, value.ExternalId) = (PayloadValue.ExternalOutput, (uint)_externals++);
    }

    /// <summary>The value that holds a tensor with its dimensions in an order.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="form">Position i of the value holds dimension form[i].</param>
    public uint Read(LoweredTensor tensor, ReadOnlySpan<int> form)
    {
        if (tensor.Rows is not null)
        {
            throw new LoweringRefusal("rows that are quantised when called are read as numbers; payloads quantise them only for products with quantised weights");
        }

        if (tensor.IsConstant)
        {
            return AddConstant(tensor.Constant.Permute(form), tensor.Type.Datatype, tensor.Type.Quantization);
        }

        var storage = tensor.Storage;
        var order = tensor.StorageOrder(form);
        if (storage.TryFind(order, out var id))
        {
            return id;
        }

        if (order.AsSpan().SequenceEqual(TensorStorage.Identity(order.Length)))
        {
            return storage.Native;
        }

        var sizes = Array.ConvertAll(order, dimension => storage.Sizes[dimension]);
        id = CanInfer(sizes) && storage.TryFindMemory(order, out var memory) ? AddReshape(memory, storage.Type, sizes)
            : AddNode(
                PayloadNodeKind.StaticTranspose, [storage.Native], storage.Type, sizes, first: Array.ConvertAll(order, static dimension => (uint)dimension));
        storage.Add(order, id);
        return id;
    }

    /// <summary>The value that holds a tensor with its dimensions in their own order.</summary>
    public uint Read(LoweredTensor tensor) => Read(tensor, TensorStorage.Identity(tensor.Rank));

    /// <summary>A number, as a tensor that broadcasts to a rank.</summary>
    public LoweredTensor Scalar(double value, ElementType type, int rank)
    {
        var key = (value, type, Math.Min(rank, 1));
        if (!_scalars.TryGetValue(key, out var tensor))
        {
            _scalars[key] = tensor = new LoweredTensor(ConstantTensor.Fill(value, type.Scalar, rank == 0 ? [] : [1]));
        }

        return tensor;
    }

    /// <summary>Adds a node with one result.</summary>
    /// <returns>The result's value id.</returns>
    public uint AddNode(
        PayloadNodeKind kind, uint[] inputs, ElementType type, SymbolicInt[] sizes, uint[]? first = null, uint[]? second = null, uint flags = 0, int axis = 0,
        float parameter = 0, float minimum = float.NegativeInfinity, float maximum = float.PositiveInfinity, PayloadConvolution? convolution = null,
        PayloadPooling? pooling = null)
    {
        _ = type.Datatype;
        var output = AddValue(type, sizes, 0, NoExternalId);
        _nodes.Add(new PayloadOperation
        {
            Kind = kind,
            Source = new NodeSource(PayloadNames.Of(kind), _nodes.Count, DebugHandle),
            Inputs = inputs,
            Outputs = [output],
            First = first ?? [],
            Second = second ?? [],
            Flags = flags,
            Axis = axis,
            Parameter = parameter,
            Minimum = minimum,
            Maximum = maximum,
            Convolution = convolution,
            Pooling = pooling,
        });
        return output;
    }

    /// <summary>Adds a node whose result has its dimensions in an order.</summary>
    /// <param name="kind">The node's kind.</param>
    /// <param name="inputs">Operands.</param>
    /// <param name="type">Element type of the result.</param>
    /// <param name="sizes">Sizes of the result, in the order of its dimensions.</param>
    /// <param name="form">Position i of the result holds dimension form[i].</param>
    /// <param name="flags">Flags of the node.</param>
    /// <param name="parameter">Slope or alpha.</param>
    /// <param name="minimum">Least value of the result.</param>
    /// <param name="maximum">Greatest value of the result.</param>
    public LoweredTensor AddNode(
        PayloadNodeKind kind, uint[] inputs, ElementType type, SymbolicInt[] sizes, int[] form, uint flags = 0, float parameter = 0,
        float minimum = float.NegativeInfinity, float maximum = float.PositiveInfinity) =>
        Wrap(AddNode(kind, inputs, type, Arrange(sizes, form), flags: flags, parameter: parameter, minimum: minimum, maximum: maximum), type, sizes, form);

    /// <summary>The tensor that a value holds with its dimensions in an order.</summary>
    public static LoweredTensor Wrap(uint id, ElementType type, SymbolicInt[] sizes, int[] form)
    {
        var order = new int[form.Length];
        for (var i = 0; i < form.Length; i++)
        {
            order[form[i]] = i;
        }

        return new LoweredTensor(new TensorStorage(type, Arrange(sizes, form), id), order);
    }

    /// <summary>Sizes in the order of a form.</summary>
    public static SymbolicInt[] Arrange(SymbolicInt[] sizes, int[] form) => Array.ConvertAll(form, dimension => sizes[dimension]);

    /// <summary>Whether a reshape to these sizes can be stated: at most one size is known at run time only.</summary>
    public static bool CanInfer(IEnumerable<SymbolicInt> sizes) => sizes.Count(static size => !size.IsConstant) <= 1;

    /// <summary>Adds a reshape; the caller has made sure that <see cref="CanInfer"/>.</summary>
    public uint AddReshape(uint input, ElementType type, SymbolicInt[] sizes) => AddNode(
        PayloadNodeKind.StaticReshape, [input], type, sizes, first: Array.ConvertAll(sizes, static size => size.IsConstant ? (uint)size.Value : 0));

    /// <summary>Finishes the graph.</summary>
    /// <param name="addConstant">Stores the bytes of a constant under a key that begins as the second argument says, and gives the key.</param>
    /// <param name="fused">Gets the debug handles of a node and of one that it stands for too.</param>
    /// <returns>The payload's graph.</returns>
    public PayloadGraph Build(Func<DataContent, string, string> addConstant, Action<int, int> fused)
    {
        var nodes = ActivationFusion.Apply(_nodes, id => _values[(int)id].Flags == PayloadValue.ExternalOutput, fused);
        var used = nodes.SelectMany(node => node.Inputs.Concat(node.Outputs)).ToHashSet();
        var constants = new List<PayloadConstant> { new(null, 0, 0) };
        var indices = new Dictionary<string, uint>(StringComparer.Ordinal);
        var values = new List<PayloadValue>();
        foreach (var value in _values.Where(value => used.Contains(value.Id) || (value.Flags != 0 && value.Type is not { Scalar: ScalarType.Char, Quantization: null })))
        {
            var index = value.Constant is { } constant ? Store(constant, "") : 0;
            var quantization = value.Scales is not { } scales ? value.Type.Quantization
                : value.Type.Quantization switch
                {
                    PayloadQuantization.PerChannel p => p with { ScaleIndex = Store(scales, "scale_"), ScaleCount = (uint)scales.ElementCount },
                    PayloadQuantization.PerChannelGroup p => p with { ScaleIndex = Store(scales, "scale_"), ScaleCount = (uint)scales.ElementCount },
                    var other => other,
                };
            values.Add(new PayloadValue(value.Id, value.Datatype ?? value.Type.Datatype, value.Shape, index, value.ExternalId, value.Flags, quantization));
        }

        return new PayloadGraph([.. values], [.. nodes], [.. constants], (uint)_externals);

        uint Store(ConstantTensor constant, string prefix)
        {
            var content = constant.ToContent();
            var key = addConstant(content, prefix);
            if (!indices.TryGetValue(key, out var index))
            {
                index = (uint)constants.Count;
                indices.Add(key, index);
                constants.Add(new PayloadConstant(key, 0, content.Length));
            }

            return index;
        }
    }

    /// <summary>The value whose rows are those of another one, quantised when called.</summary>
    /// <param name="tensor">The tensor with such rows.</param>
    /// <param name="form">Position i of the value holds dimension form[i].</param>
    /// <param name="dimensions">How many of the last dimensions make up a row.</param>
    public uint ReadRows(LoweredTensor tensor, int[] form, int dimensions)
    {
        var source = Read(tensor.Rows!, form);
        if (tensor.Type == ScalarType.Half)
        {
            // XNNPACK quantises rows of float16 for products in float16 alone.
            source = Widen(source, Arrange(tensor.Sizes, form));
        }

        if (!_rows.TryGetValue((source, dimensions), out var id))
        {
            id = AddNode(
                PayloadNodeKind.Convert, [source], new ElementType(ScalarType.Char, new PayloadQuantization.PerTokenDynamic(dimensions)), Arrange(tensor.Sizes, form));
            _rows.Add((source, dimensions), id);
        }

        return id;
    }

    private uint Widen(uint id, SymbolicInt[] sizes)
    {
        if (!_widened.TryGetValue(id, out var wide))
        {
            wide = AddNode(PayloadNodeKind.Convert, [id], ScalarType.Float, sizes);
            _widened.Add(id, wide);
        }

        return wide;
    }

    /// <summary>Adds a constant.</summary>
    /// <param name="elements">Its elements, as they are stored.</param>
    /// <param name="datatype">What they are to the payload.</param>
    /// <param name="quantization">How they stand for numbers.</param>
    /// <param name="scales">The scales, where they are data of their own.</param>
    /// <param name="stored">The bytes, where they are not those of the elements: codes of four bits.</param>
    public uint AddConstant(
        ConstantTensor elements, PayloadDatatype datatype, PayloadQuantization? quantization = null, ConstantTensor? scales = null, ConstantTensor? stored = null)
    {
        var key = (elements.Identity, datatype, quantization, scales?.Identity ?? default);
        if (_constantIds.TryGetValue(key, out var id))
        {
            return id;
        }

        id = AddValue(new ElementType(elements.Type, quantization), Array.ConvertAll(elements.Sizes, static size => (SymbolicInt)(long)size), 0, NoExternalId);
        var value = _values[(int)id];
        (value.Datatype, value.Constant, value.Scales) = (datatype, stored ?? elements, scales);
        _constantIds.Add(key, id);
        return id;
    }

    private uint AddValue(ElementType type, SymbolicInt[] sizes, uint flags, uint externalId)
    {
        if (sizes.Length > Shape.MaxRank)
        {
            throw new LoweringRefusal($"a tensor of rank {sizes.Length}; payloads have at most {Shape.MaxRank} dimensions");
        }

        Span<int> dims = stackalloc int[sizes.Length];
        for (var i = 0; i < dims.Length; i++)
        {
            dims[i] = sizes[i].Maximum is > 0 and <= int.MaxValue ? (int)sizes[i].Maximum
                : throw new LoweringRefusal(sizes[i].IsBounded ? "an empty tensor" : $"the size {sizes[i]} has no upper bound");
        }

        var shape = new Shape(dims);
        if (shape.Measure() < 0)
        {
            throw new LoweringRefusal($"a tensor of {shape} is larger than {Shape.MaxElementCount} elements");
        }

        var id = (uint)_values.Count;
        _values.Add(new ValueEntry
        {
            Id = id,
            Type = type,
            Shape = shape,
            Flags = flags,
            ExternalId = externalId,
        });
        return id;
    }

    private sealed class ValueEntry
    {
        public required uint Id { get; init; }

        public required ElementType Type { get; set; }

        public required Shape Shape { get; init; }

        /// <summary>Of a constant, which may be stored otherwise than its elements are.</summary>
        public PayloadDatatype? Datatype { get; set; }

        public ConstantTensor? Constant { get; set; }

        public ConstantTensor? Scales { get; set; }

        public required uint Flags { get; set; }

        public required uint ExternalId { get; set; }
    }
}
