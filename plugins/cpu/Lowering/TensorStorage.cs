using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>A computed tensor in the payload: the order of dimensions in which it is produced, and the orders that were made of it by transposing.</summary>
/// <remarks>
/// What is produced lazily (a reshape) becomes a node of the payload only when something reads it, so that chains of views leave one node, or none.
/// </remarks>
internal sealed class TensorStorage
{
    private readonly List<(int[] Order, uint Id)> _forms = [];
    private readonly List<TensorStorage> _dequantised = [];
    private Func<uint>? _memory;
    private Func<uint, uint>? _reshape;
    private Func<uint>? _produce;

    /// <summary>A tensor that is in the payload already.</summary>
    public TensorStorage(ElementType type, SymbolicInt[] sizes, uint id)
    {
        (Type, Sizes) = (type, sizes);
        _forms.Add((Identity(sizes.Length), id));
    }

    /// <summary>A tensor that enters the payload, by a reshape, when it is first read.</summary>
    /// <param name="type">Element type.</param>
    /// <param name="sizes">Its sizes.</param>
    /// <param name="memory">Gives a value that has the same elements in the same order.</param>
    /// <param name="reshape">Adds the reshape of that value.</param>
    public TensorStorage(ElementType type, SymbolicInt[] sizes, Func<uint> memory, Func<uint, uint> reshape)
    {
        (Type, Sizes, _memory, _reshape) = (type, sizes, memory, reshape);
    }

    /// <summary>A tensor that enters the payload when it is first read.</summary>
    private TensorStorage(ElementType type, SymbolicInt[] sizes, Func<uint> produce)
    {
        (Type, Sizes, _produce) = (type, sizes, produce);
    }

    public ElementType Type { get; }

    /// <summary>Sizes in the order in which the tensor is produced.</summary>
    public SymbolicInt[] Sizes { get; }

    /// <summary>Value id in the native order.</summary>
    public uint Native
    {
        get
        {
            if (_reshape is { } reshape)
            {
                _reshape = null;
                _forms.Insert(0, (Identity(Sizes.Length), reshape(_memory!())));
                _memory = null;
            }
            else if (_produce is { } produce)
            {
                _produce = null;
                _forms.Insert(0, (Identity(Sizes.Length), produce()));
            }

            return _forms[0].Id;
        }
    }

    /// <summary>A value that has the elements in the native order, whatever its sizes.</summary>
    public uint Memory => _memory?.Invoke() ?? Native;

    /// <summary>The numbers that these codes stand for; one conversion, made when it is first read.</summary>
    public TensorStorage Dequantise(GraphWriter writer, ScalarType type)
    {
        if (_dequantised.Find(storage => storage.Type == type) is { } known)
        {
            return known;
        }

        // By way of float32: XNNPACK's conversions between codes and float16 are not there on every processor.
        var result = new TensorStorage(type, Sizes, () => writer.AddNode(
            PayloadNodeKind.Convert, [type == ScalarType.Half ? Dequantise(writer, ScalarType.Float).Native : Native], type, Sizes));
        _dequantised.Add(result);
        return result;
    }

    /// <summary>0, 1, 2, ...</summary>
    public static int[] Identity(int rank) => [.. Enumerable.Range(0, rank)];

    /// <summary>Finds a form that has the dimensions in an order.</summary>
    public bool TryFind(ReadOnlySpan<int> order, out uint id)
    {
        foreach (var form in _forms)
        {
            if (order.SequenceEqual(form.Order))
            {
                id = form.Id;
                return true;
            }
        }

        id = 0;
        return false;
    }

    /// <summary>Whether the elements lie alike in two orders, because only dimensions of size 1 moved.</summary>
    public bool IsSameMemory(ReadOnlySpan<int> first, ReadOnlySpan<int> second)
    {
        int i = 0, j = 0;
        while (true)
        {
            while (i < first.Length && IsOne(first[i]))
            {
                i++;
            }

            while (j < second.Length && IsOne(second[j]))
            {
                j++;
            }

            if (i == first.Length || j == second.Length)
            {
                return i == first.Length && j == second.Length;
            }

            if (first[i++] != second[j++])
            {
                return false;
            }
        }
    }

    /// <summary>Finds a value whose memory an order can share, whatever its sizes.</summary>
    public bool TryFindMemory(ReadOnlySpan<int> order, out uint id)
    {
        if (IsSameMemory(Identity(Sizes.Length), order))
        {
            id = Memory;
            return true;
        }

        foreach (var form in _forms)
        {
            if (IsSameMemory(form.Order, order))
            {
                id = form.Id;
                return true;
            }
        }

        id = 0;
        return false;
    }

    /// <summary>Whether an order can be had without moving elements.</summary>
    public bool Has(ReadOnlySpan<int> order)
    {
        if (IsSameMemory(Identity(Sizes.Length), order))
        {
            return true;
        }

        foreach (var form in _forms)
        {
            if (IsSameMemory(form.Order, order))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Keeps a form that was made.</summary>
    public void Add(int[] order, uint id) => _forms.Add((order, id));

    private bool IsOne(int dimension) => Sizes[dimension] is { IsConstant: true, Value: 1 };
}
