using System.Runtime.CompilerServices;

namespace Tandem.Sdk;

/// <summary>One entry of a method's value table. Copying it copies the handle of a tensor or list, never its bytes.</summary>
public readonly struct EValue
{
    private readonly long _bits;
    private readonly object? _object;

    private EValue(EValueKind kind, long bits, object? reference)
    {
        Kind = kind;
        _bits = bits;
        _object = reference;
    }

    /// <summary>What the value holds.</summary>
    public EValueKind Kind { get; }

    /// <summary>Whether the value is absent.</summary>
    public bool IsNone => Kind == EValueKind.None;

    /// <summary>An absent value.</summary>
    public static EValue None => default;

    /// <summary>Wraps an integer.</summary>
    /// <param name="value">The integer.</param>
    /// <returns>The value.</returns>
    public static EValue FromInt(long value) => new(EValueKind.Int, value, null);

    /// <summary>Wraps a truth value.</summary>
    /// <param name="value">The truth value.</param>
    /// <returns>The value.</returns>
    public static EValue FromBool(bool value) => new(EValueKind.Bool, value ? 1 : 0, null);

    /// <summary>Wraps a float.</summary>
    /// <param name="value">The float.</param>
    /// <returns>The value.</returns>
    public static EValue FromDouble(double value) => new(EValueKind.Double, BitConverter.DoubleToInt64Bits(value), null);

    /// <summary>Wraps a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <returns>The value.</returns>
    public static EValue FromTensor(TensorView tensor) => new(EValueKind.Tensor, 0, tensor);

    /// <summary>Wraps a string.</summary>
    /// <param name="text">The string.</param>
    /// <returns>The value.</returns>
    public static EValue FromString(string text) => new(EValueKind.String, 0, text);

    /// <summary>Wraps a list of integers.</summary>
    /// <param name="list">The list.</param>
    /// <returns>The value.</returns>
    public static EValue FromIntList(EValueIntList list) => new(EValueKind.IntList, 0, list);

    /// <summary>Wraps a list of floats.</summary>
    /// <param name="items">The floats; not copied.</param>
    /// <returns>The value.</returns>
    public static EValue FromDoubleList(double[] items) => new(EValueKind.DoubleList, 0, items);

    /// <summary>Wraps a list of truth values.</summary>
    /// <param name="items">The truth values; not copied.</param>
    /// <returns>The value.</returns>
    public static EValue FromBoolList(bool[] items) => new(EValueKind.BoolList, 0, items);

    /// <summary>Wraps a list of tensors.</summary>
    /// <param name="list">The list.</param>
    /// <returns>The value, of kind <see cref="EValueKind.TensorList"/> or <see cref="EValueKind.OptionalTensorList"/> as the list says.</returns>
    public static EValue FromTensorList(EValueTensorList list) =>
        new(list.IsOptional ? EValueKind.OptionalTensorList : EValueKind.TensorList, 0, list);

    /// <summary>The integer.</summary>
    /// <returns>The integer.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: another kind.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long AsInt() => Kind == EValueKind.Int ? _bits : Kind == EValueKind.Bool ? _bits : throw Wrong(EValueKind.Int);

    /// <summary>The truth value.</summary>
    /// <returns>The truth value.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: another kind.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool AsBool() => Kind is EValueKind.Bool or EValueKind.Int ? _bits != 0 : throw Wrong(EValueKind.Bool);

    /// <summary>The number as a float: a Double, Int or Bool.</summary>
    /// <returns>The float.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: another kind.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double AsDouble() => Kind switch
    {
        EValueKind.Double => BitConverter.Int64BitsToDouble(_bits),
        EValueKind.Int or EValueKind.Bool => _bits,
        _ => throw Wrong(EValueKind.Double),
    };

    /// <summary>The tensor.</summary>
    /// <returns>The tensor.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: another kind.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TensorView AsTensor() => Kind == EValueKind.Tensor ? Unsafe.As<TensorView>(_object!) : throw Wrong(EValueKind.Tensor);

    /// <summary>The string.</summary>
    /// <returns>The string.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: another kind.</exception>
    public string AsString() => Kind == EValueKind.String ? (string)_object! : throw Wrong(EValueKind.String);

    /// <summary>The list of integers.</summary>
    /// <returns>The list.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: another kind.</exception>
    public EValueIntList AsIntList() => Kind == EValueKind.IntList ? (EValueIntList)_object! : throw Wrong(EValueKind.IntList);

    /// <summary>The list of floats.</summary>
    /// <returns>The floats.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: another kind.</exception>
    public ReadOnlySpan<double> AsDoubleList() => Kind == EValueKind.DoubleList ? (double[])_object! : throw Wrong(EValueKind.DoubleList);

    /// <summary>The list of truth values.</summary>
    /// <returns>The truth values.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: another kind.</exception>
    public ReadOnlySpan<bool> AsBoolList() => Kind == EValueKind.BoolList ? (bool[])_object! : throw Wrong(EValueKind.BoolList);

    /// <summary>The list of tensors, optional or not.</summary>
    /// <returns>The list.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: another kind.</exception>
    public EValueTensorList AsTensorList() =>
        Kind is EValueKind.TensorList or EValueKind.OptionalTensorList ? (EValueTensorList)_object! : throw Wrong(EValueKind.TensorList);

    /// <summary>A short text for messages.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Kind switch
    {
        EValueKind.None => "none",
        EValueKind.Int => _bits.ToString(),
        EValueKind.Bool => _bits != 0 ? "true" : "false",
        EValueKind.Double => BitConverter.Int64BitsToDouble(_bits).ToString("R"),
        EValueKind.Tensor => _object!.ToString()!,
        EValueKind.String => $"\"{_object}\"",
        _ => Kind.ToString(),
    };

    private TandemException Wrong(EValueKind expected) => new(ErrorCode.OperatorArgumentInvalid, "a value has the wrong kind",
        new ErrorDetails { Expected = expected.ToString(), Found = $"{Kind} {this}" });
}
