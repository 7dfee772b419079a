using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>The operators that decompositions call most, as methods.</summary>
internal sealed partial class GraphEditor
{
    public GraphValue Unary(string name, GraphValue value) => Call("aten::" + name, value);

    /// <summary>A function of a tensor and a tensor or number: the overload follows from what the second is.</summary>
    public GraphValue Binary(string name, GraphValue left, Arg right) =>
        Call(IsTensor(right) ? $"aten::{name}.Tensor" : $"aten::{name}.Scalar", left, right);

    public GraphValue Add(GraphValue left, Arg right) => Binary("add", left, right);

    public GraphValue Sub(GraphValue left, Arg right) => Binary("sub", left, right);

    public GraphValue Mul(GraphValue left, Arg right) => Binary("mul", left, right);

    public GraphValue Div(GraphValue left, Arg right) => Binary("div", left, right);

    public GraphValue Maximum(GraphValue left, GraphValue right) => Call("aten::maximum", left, right);

    public GraphValue Minimum(GraphValue left, GraphValue right) => Call("aten::minimum", left, right);

    public GraphValue Power(GraphValue value, Arg exponent) => Call("aten::pow.Tensor_Scalar", value, exponent);

    public GraphValue Square(GraphValue value) => Mul(value, value);

    public GraphValue Clamp(GraphValue value, Arg minimum, Arg maximum) => Call("aten::clamp", value, minimum, maximum);

    public GraphValue Where(GraphValue condition, GraphValue then, GraphValue otherwise) => Call("aten::where.self", condition, then, otherwise);

    public GraphValue Sum(GraphValue value, int[] dims, bool keeps = false, ScalarType? type = null) =>
        Call("aten::sum.dim_IntList", value, dims, keeps, type is null ? default : (Arg)type);

    public GraphValue Mean(GraphValue value, int[] dims, bool keeps = false) => Call("aten::mean.dim", value, dims, keeps);

    public GraphValue Amax(GraphValue value, int[] dims, bool keeps = false) => Call("aten::amax", value, dims, keeps);

    public GraphValue Softmax(GraphValue value, int dim) => Call("aten::_softmax", value, dim, false);

    public GraphValue View(GraphValue value, params Arg[] sizes) => Call("aten::view", value, sizes);

    public GraphValue Permute(GraphValue value, params int[] dims) => Call("aten::permute", value, dims);

    public GraphValue Transpose(GraphValue value, int first, int second)
    {
        var dims = Enumerable.Range(0, Spec(value).Rank).ToArray();
        (dims[first], dims[second]) = (dims[second], dims[first]);
        return Permute(value, dims);
    }

    public GraphValue Unsqueeze(GraphValue value, int dim) => Call("aten::unsqueeze", value, dim);

    public GraphValue Squeeze(GraphValue value, params int[] dims) => Call("aten::squeeze.dims", value, dims);

    public GraphValue Expand(GraphValue value, params Arg[] sizes) => Call("aten::expand", value, sizes);

    public GraphValue Slice(GraphValue value, int dim, Arg start, Arg end, long step = 1) => Call("aten::slice.Tensor", value, dim, start, end, step);

    public GraphValue Select(GraphValue value, int dim, Arg index) => Call("aten::select.int", value, dim, index);

    public GraphValue Cat(GraphValue[] values, int dim) => values.Length == 1 ? values[0] : Call("aten::cat", values, dim);

    public GraphValue Full(Arg[] sizes, Arg value, ScalarType type) => Call("aten::full", sizes, value, type);

    /// <summary>A tensor without dimensions.</summary>
    public GraphValue Scalar(Arg value, ScalarType type) => Full([], value, type);

    public GraphValue Arange(Arg end, ScalarType type = ScalarType.Long) => Call("aten::arange.start_step", 0, end, 1, type);

    /// <summary>The value in another dtype; itself if it has it already.</summary>
    public GraphValue Cast(GraphValue value, ScalarType type) => Spec(value).ScalarType == type ? value : Call("dim_order_ops::_to_dim_order_copy", value, type);

    /// <summary>The value in another dim order; itself if it has it already.</summary>
    public GraphValue Ordered(GraphValue value, ReadOnlySpan<byte> order) => Spec(value).DimOrder.AsSpan().SequenceEqual(order) ? value
        : Call("dim_order_ops::_to_dim_order_copy", value, Spec(value).ScalarType, default, default, default, false, Numbers(order));

    public GraphValue Contiguous(GraphValue value)
    {
        Span<byte> order = stackalloc byte[Spec(value).Rank];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = (byte)i;
        }

        return Ordered(value, order);
    }

    /// <summary>All sizes as arguments.</summary>
    public Arg[] Sizes(GraphValue value) => [.. Enumerable.Range(0, Spec(value).Rank).Select(dim => (Arg)Size(value, dim))];

    /// <summary>
    /// Sizes of a view as arguments: numbers; -1 for the only one that is symbolic; references for several, which are found among the tensor's own sizes.
    /// </summary>
    public Arg[] ViewSizes(GraphValue value, ReadOnlySpan<SymbolicInt> sizes)
    {
        var symbolic = 0;
        foreach (var size in sizes)
        {
            symbolic += size.IsConstant ? 0 : 1;
        }

        var arguments = new Arg[sizes.Length];
        for (var i = 0; i < sizes.Length; i++)
        {
            arguments[i] = sizes[i].IsConstant ? sizes[i].Value : symbolic == 1 ? -1 : (Arg)SizeOf(value, sizes[i]);
        }

        return arguments;
    }

    /// <summary>The same elements under other sizes.</summary>
    public GraphValue Reshape(GraphValue value, params ReadOnlySpan<SymbolicInt> sizes) =>
        AreSame(value, sizes) ? value
        : CallAs(TensorSpec.Contiguous(Spec(value).ScalarType, sizes), "aten::view_copy", Contiguous(value), ViewSizes(value, sizes));

    /// <summary>Broadcasts to sizes of which those that are symbolic stand on the tensor already, or are given by another tensor.</summary>
    public GraphValue ExpandTo(GraphValue value, ReadOnlySpan<SymbolicInt> sizes, GraphValue? source = null)
    {
        var spec = Spec(value);
        if (AreSame(value, sizes))
        {
            return value;
        }

        var arguments = new Arg[sizes.Length];
        for (var i = 0; i < sizes.Length; i++)
        {
            var own = i - (sizes.Length - spec.Rank);
            arguments[i] = sizes[i].IsConstant ? sizes[i].Value : own >= 0 && spec.Sizes[own] is not { IsConstant: true, Value: 1 } ? -1
                : (Arg)SizeOf(source ?? value, sizes[i]);
        }

        return Expand(value, arguments);
    }

    /// <summary>A symbolic size as an argument, read from the dimension of a tensor that has it.</summary>
    public GraphArgument SizeOf(GraphValue tensor, SymbolicInt size)
    {
        if (size.IsConstant)
        {
            return new GraphArgument.Int(size.Value);
        }

        var spec = Spec(tensor);
        for (var i = 0; i < spec.Rank; i++)
        {
            if (spec.Sizes[i].IsSameAs(size))
            {
                return Size(tensor, i);
            }
        }

        // A product of sizes of the tensor.
        for (var i = 0; i < spec.Rank; i++)
        {
            for (var j = 0; j < spec.Rank; j++)
            {
                if (i != j && !spec.Sizes[i].IsConstant && (spec.Sizes[i] * spec.Sizes[j]).IsSameAs(size))
                {
                    return Product(Size(tensor, i), Size(tensor, j), size);
                }
            }
        }

        throw new TandemException(ErrorCode.OperatorNotLowerable, "a symbolic size is not found at run time",
            new ErrorDetails { Location = $"{_method.Name}: {_origin}", Expected = $"{size}", Found = $"{spec}" });
    }

    public GraphArgument Product(GraphArgument left, GraphArgument right, SymbolicInt result) => CallSymbolic("mul", left, right, result);

    public SymbolicInt Number(GraphArgument argument) => argument switch
    {
        GraphArgument.Int number => number.Value,
        GraphArgument.Symbolic symbol => symbol.Value,
        GraphArgument.Reference reference when Get(reference.Name).Integer is { } integer => integer,
        _ => SymbolicInt.Symbol("unknown"),
    };

    /// <summary>Whether a tensor is a constant that holds nothing but zeros.</summary>
    public bool IsZero(GraphValue value)
    {
        if (!_zeros.TryGetValue(value.Name, out var isZero))
        {
            isZero = Data(value) is { Storage.Length: <= 1 << 24 } tensor && IsZero(tensor.Storage);
            _zeros.Add(value.Name, isZero);
        }

        return isZero;
    }

    /// <summary>The bytes of a parameter, of a constant, or of a buffer that no call changes; null for any other value.</summary>
    public ExportedTensor? Data(GraphValue value)
    {
        if (IsNested || (_inputs ??= _method.Signature.Inputs.ToDictionary(input => input.ValueName, StringComparer.Ordinal)).GetValueOrDefault(value.Name) is not { Tensor: { } tensor } input)
        {
            return null;
        }

        return input.Kind == GraphInputKind.Buffer && Context.IsState(input.QualifiedName!) ? null : tensor;
    }

    private static bool IsZero(DataContent content)
    {
        var bytes = new byte[Math.Min(content.Length, 1 << 16)];
        for (long done = 0; done < content.Length;)
        {
            var part = bytes.AsSpan(0, (int)Math.Min(bytes.Length, content.Length - done));
            content.Read(done, part);
            if (part.ContainsAnyExcept((byte)0))
            {
                return false;
            }

            done += part.Length;
        }

        return true;
    }

    public bool IsTensor(Arg argument) => argument.Value is GraphArgument.Reference reference && Get(reference.Name).Tensor is not null;

    private static bool AreSame(GraphValue value, ReadOnlySpan<SymbolicInt> sizes) => Passes.Sizes.AreSame(Spec(value).Sizes.AsSpan(), sizes);

    private static long[] Numbers(ReadOnlySpan<byte> order)
    {
        var numbers = new long[order.Length];
        for (var i = 0; i < order.Length; i++)
        {
            numbers[i] = order[i];
        }

        return numbers;
    }
}
