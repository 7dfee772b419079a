using System.Runtime.CompilerServices;

namespace Tandem.Sdk;

/// <summary>The arguments of one kernel or delegate call, read in place from the method's value table. Lives for that call only.</summary>
public readonly ref struct Arguments
{
    private readonly Span<EValue> _values;
    private readonly Span<EValue> _constants;
    private readonly ReadOnlySpan<int> _indices;

    /// <summary>Creates the arguments of a call.</summary>
    /// <param name="values">The method's value table.</param>
    /// <param name="indices">For each argument its index in the table; verified when the program was loaded.</param>
    public Arguments(Span<EValue> values, ReadOnlySpan<int> indices)
    {
        _values = values;
        _indices = indices;
    }

    /// <summary>Creates the arguments of a call whose values lie in two tables: one of the session, and one that all sessions share.</summary>
    /// <param name="values">The session's values.</param>
    /// <param name="constants">Values that nothing changes.</param>
    /// <param name="indices">For each argument its index i among the values, or ~i for one among the constants; verified when the program was loaded.</param>
    public Arguments(Span<EValue> values, Span<EValue> constants, ReadOnlySpan<int> indices)
    {
        _values = values;
        _constants = constants;
        _indices = indices;
    }

    /// <summary>Number of arguments, outputs included.</summary>
    public int Count => _indices.Length;

    /// <summary>The argument, to be read; a kernel may replace its last one, which is what it writes, and a delegate any.</summary>
    /// <param name="index">Position of the argument.</param>
    public ref EValue this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            var place = _indices[index];
            return ref place >= 0 ? ref _values[place] : ref _constants[~place];
        }
    }

    /// <summary>The tensor at a position.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The tensor.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TensorView Tensor(int index) => this[index].AsTensor();

    /// <summary>The tensor at a position, or null if the argument is absent.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The tensor or null.</returns>
    public TensorView? OptionalTensor(int index) => this[index].IsNone ? null : this[index].AsTensor();

    /// <summary>The integer at a position.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The integer.</returns>
    public long Int(int index) => this[index].AsInt();

    /// <summary>The integer at a position, or null if the argument is absent.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The integer or null.</returns>
    public long? OptionalInt(int index) => this[index].IsNone ? null : this[index].AsInt();

    /// <summary>The float at a position.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The float.</returns>
    public double Double(int index) => this[index].AsDouble();

    /// <summary>The float at a position, or null if the argument is absent.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The float or null.</returns>
    public double? OptionalDouble(int index) => this[index].IsNone ? null : this[index].AsDouble();

    /// <summary>The truth value at a position.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The truth value.</returns>
    public bool Bool(int index) => this[index].AsBool();

    /// <summary>The string at a position.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The string.</returns>
    public string String(int index) => this[index].AsString();

    /// <summary>The integers of the list at a position; overwritten by the next read of the same list.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The integers.</returns>
    public ReadOnlySpan<long> IntList(int index) => this[index].AsIntList().Read(_values);

    /// <summary>The floats of the list at a position.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The floats.</returns>
    public ReadOnlySpan<double> DoubleList(int index) => this[index].AsDoubleList();

    /// <summary>The truth values of the list at a position.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The truth values.</returns>
    public ReadOnlySpan<bool> BoolList(int index) => this[index].AsBoolList();

    /// <summary>The tensors of the list at a position; overwritten by the next read of the same list.</summary>
    /// <param name="index">Position of the argument.</param>
    /// <returns>The tensors; an item of an optional list may be null.</returns>
    public ReadOnlySpan<TensorView?> TensorList(int index) => this[index].AsTensorList().Read(_values);
}
