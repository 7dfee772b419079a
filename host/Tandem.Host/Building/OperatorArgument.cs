using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <summary>An argument of <see cref="GraphBuilder.Call"/>: tensors, numbers, sizes, truth values, strings, element types, lists and None convert to it.</summary>
/// <remarks><c>default</c> leaves the parameter at its default.</remarks>
public readonly struct OperatorArgument
{
    private OperatorArgument(object? value, string? name = null)
    {
        (Value, Name, IsGiven) = (value, name, true);
    }

    /// <summary>An argument under the name of its parameter.</summary>
    /// <param name="name">The name in the operator's schema.</param>
    /// <param name="argument">The argument.</param>
    public OperatorArgument(string name, OperatorArgument argument)
    {
        (Value, Name, IsGiven) = (argument.Value, name, argument.IsGiven);
    }

    /// <summary>The argument None.</summary>
    public static OperatorArgument None => new(null);

    internal object? Value { get; }

    internal string? Name { get; }

    internal bool IsGiven { get; }

    /// <summary>A tensor; null is None.</summary>
    /// <param name="value">The tensor.</param>
    public static implicit operator OperatorArgument(TensorOperand? value) => new(value);

    /// <summary>A list of tensors; null in it is None.</summary>
    /// <param name="value">The tensors.</param>
    public static implicit operator OperatorArgument(TensorOperand?[] value) => new(value);

    /// <summary>An integer that may be symbolic.</summary>
    /// <param name="value">The integer.</param>
    public static implicit operator OperatorArgument(SymbolicInt? value) => new(value);

    /// <summary>Integers that may be symbolic.</summary>
    /// <param name="value">The integers.</param>
    public static implicit operator OperatorArgument(SymbolicInt[] value) => new(value);

    /// <summary>An integer.</summary>
    /// <param name="value">The integer.</param>
    public static implicit operator OperatorArgument(long value) => new((SymbolicInt)value);

    /// <summary>Integers.</summary>
    /// <param name="value">The integers.</param>
    public static implicit operator OperatorArgument(long[] value) => new(Array.ConvertAll(value, item => (SymbolicInt)item));

    /// <summary>A float.</summary>
    /// <param name="value">The float.</param>
    public static implicit operator OperatorArgument(double value) => new(value);

    /// <summary>Floats.</summary>
    /// <param name="value">The floats.</param>
    public static implicit operator OperatorArgument(double[] value) => new(value);

    /// <summary>A truth value.</summary>
    /// <param name="value">The truth value.</param>
    public static implicit operator OperatorArgument(bool value) => new(value);

    /// <summary>A string; for a memory format, layout or device its name ("channels_last").</summary>
    /// <param name="value">The string.</param>
    public static implicit operator OperatorArgument(string value) => new(value);

    /// <summary>An element type; null is None.</summary>
    /// <param name="value">The element type.</param>
    public static implicit operator OperatorArgument(ScalarType? value) => new(value);

    internal static OperatorArgument OfWindow(Window window) => new SymbolicInt[] { window.Height, window.Width };

    internal static OperatorArgument OfSizes(ReadOnlySpan<SymbolicInt> sizes) => new(sizes.ToArray());

    internal static OperatorArgument OfInts(ReadOnlySpan<int> values) => new(values.ToArray().Select(value => (SymbolicInt)value).ToArray());

    internal static OperatorArgument OfTensors(ReadOnlySpan<TensorOperand> tensors) => new((TensorOperand?[])tensors.ToArray());
}
